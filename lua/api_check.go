package lua

import (
	lua "github.com/yuin/gopher-lua"
)

var okResult = []param{
	{name: "ok", kind: "boolean", doc: "Whether it is one. Spaces and hyphens do not count, nor does case."},
	{name: "reason", kind: "string", doc: "What is wrong with it.", optional: true},
}

var checkFunctions = []declaration{
	checkFunction("luhn", "Checks the last digit of a card or IMEI (ISO/IEC 7812-1 annex B).", `if check.luhn(card) then charge(card) end`, checkLuhn),
	checkFunction("iban", "Checks an account number (ISO 13616): the country's length, and the two check digits (ISO 7064 MOD 97-10).", `local ok, why = check.iban(account)`, checkIBAN),
	checkFunction("vin", "Checks a vehicle's number (ISO 3779); where North America and China demand it, the check digit too.", `local ok = check.vin(vehicle)`, checkVIN),
	checkFunction("cn_id", "Checks a resident identity number (GB 11643): province, date of birth, and the check digit (ISO 7064 MOD 11-2).", `local ok = check.cn_id(id)`, checkCNID),
	checkFunction("tw_id", "Checks a national or resident identity number of Taiwan.", `local ok = check.tw_id(id)`, checkTWID),
	checkFunction("s10", "Checks a postal item's number (UPU S10).", `local ok = check.s10(waybill)`, checkS10),
	{module: "check", name: "phone", doc: "Reads a number as it is dialled.", phases: loaded, fails: true, example: `local number, why = check.phone("02 2700 1234")`,
		params:  []param{{name: "number", kind: "string", doc: "As it was given."}, {name: "country", kind: "string", doc: "ISO 3166, such as \"TW\"; the box's own when left out.", optional: true}},
		returns: []param{{name: "e164", kind: "string", doc: "Such as +886227001234."}}, serve: func(s *service, args []any) ([]any, error) {
			if s.h.o.Services.Phone == nil {
				return nil, errNotHere("number plan")
			}
			country, _ := args[1].(string)
			number := args[0].(string)
			if e164, ok := s.h.o.Services.Phone(clip(number, 64), country); ok && len(number) <= 64 {
				return []any{e164}, nil
			}
			return nil, errNoPhone
		}},
}

func checkFunction(name, doc, example string, ok func(string) string) declaration {
	return declaration{module: "check", name: name, doc: doc, phases: always, example: example, returns: okResult,
		params: []param{{name: "number", kind: "string", doc: "As the caller gave it."}},
		local: func(L *lua.LState) int {
			plain, reason := bare(L.CheckString(1))
			if reason == "" {
				reason = ok(plain)
			}
			L.Push(lua.LBool(reason == ""))
			if reason == "" {
				return 1
			}
			L.Push(lua.LString(reason))
			return 2
		}}
}
