package speech

// coin names a currency in English, in one and in many; and its hundredth where people use one.
type coin struct{ one, many, minor, minors string }

func dollar(of string) coin { return coin{of + " dollar", of + " dollars", "cent", "cents"} }

// The currencies (ISO 4217) that have a name when they are read; any other is read by the letters of its code.
var englishMoney = map[string]coin{
	"TWD": dollar("New Taiwan"), "USD": dollar("US"), "HKD": dollar("Hong Kong"), "SGD": dollar("Singapore"),
	"AUD": dollar("Australian"), "NZD": dollar("New Zealand"), "CAD": dollar("Canadian"),
	"EUR": {"euro", "euros", "cent", "cents"}, "GBP": {"pound", "pounds", "penny", "pence"},
	"CHF": {"Swiss franc", "Swiss francs", "centime", "centimes"}, "INR": {"rupee", "rupees", "paisa", "paise"},
	"CNY": {one: "yuan", many: "yuan"}, "MOP": {one: "pataca", many: "patacas"}, "JPY": {one: "yen", many: "yen"},
	"KRW": {one: "won", many: "won"}, "MYR": {"ringgit", "ringgit", "sen", "sen"}, "THB": {one: "baht", many: "baht"},
	"VND": {one: "dong", many: "dong"}, "PHP": {"peso", "pesos", "centavo", "centavos"}, "IDR": {one: "rupiah", many: "rupiah"},
	"MXN": {"Mexican peso", "Mexican pesos", "centavo", "centavos"}, "BRL": {"real", "reais", "centavo", "centavos"},
	"ZAR": {"rand", "rand", "cent", "cents"}, "AED": {one: "dirham", many: "dirhams"}, "SAR": {one: "riyal", many: "riyals"},
	"SEK": {one: "Swedish krona", many: "Swedish kronor"}, "NOK": {one: "Norwegian krone", many: "Norwegian kroner"},
	"DKK": {one: "Danish krone", many: "Danish kroner"}, "PLN": {one: "zloty", many: "zloty"},
	"RUB": {one: "ruble", many: "rubles"}, "TRY": {one: "lira", many: "lira"},
}

// In Chinese a currency stands behind the amount, or, with *, before an amount in 元.
var traditionalMoney = map[string]string{
	"TWD": "新臺幣*", "CNY": "人民幣*", "USD": "美元", "HKD": "港元", "MOP": "澳門元", "SGD": "新加坡元", "AUD": "澳元", "NZD": "紐元",
	"CAD": "加元", "EUR": "歐元", "GBP": "英鎊", "CHF": "瑞士法郎", "INR": "印度盧比", "JPY": "日圓", "KRW": "韓元", "MYR": "馬來西亞令吉",
	"THB": "泰銖", "VND": "越南盾", "PHP": "菲律賓披索", "IDR": "印尼盾", "MXN": "墨西哥披索", "BRL": "巴西雷亞爾", "ZAR": "南非蘭特",
	"AED": "阿聯迪拉姆", "SAR": "沙烏地里亞爾", "SEK": "瑞典克朗", "NOK": "挪威克朗", "DKK": "丹麥克朗", "PLN": "波蘭茲羅提",
	"RUB": "俄羅斯盧布", "TRY": "土耳其里拉",
}

var simplifiedMoney = map[string]string{
	"TWD": "新台币*", "CNY": "人民币*", "USD": "美元", "HKD": "港元", "MOP": "澳门元", "SGD": "新加坡元", "AUD": "澳元", "NZD": "新西兰元",
	"CAD": "加元", "EUR": "欧元", "GBP": "英镑", "CHF": "瑞士法郎", "INR": "印度卢比", "JPY": "日元", "KRW": "韩元", "MYR": "马来西亚令吉",
	"THB": "泰铢", "VND": "越南盾", "PHP": "菲律宾比索", "IDR": "印尼盾", "MXN": "墨西哥比索", "BRL": "巴西雷亚尔", "ZAR": "南非兰特",
	"AED": "阿联酋迪拉姆", "SAR": "沙特里亚尔", "SEK": "瑞典克朗", "NOK": "挪威克朗", "DKK": "丹麦克朗", "PLN": "波兰兹罗提",
	"RUB": "俄罗斯卢布", "TRY": "土耳其里拉",
}
