package hcl

import (
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"golang.org/x/text/language"
)

// format is a shape of text. Check returns a sentence that says what is
// allowed.
type format struct {
	check func(string) error
	says  string // what the reference says of it
}

var formats = map[string]format{
	"backup-target": {checkBackupTarget, `a folder, "sftp://…" or "s3://…"`},
	"by-language":   {func(string) error { return nil }, "a map by language"},
	"code":          {checkCode, "* or # and up to 5 digits, or empty"},
	"country":       {checkCountry, "two letters of ISO 3166"},
	"dialled":       {checkDialled, "a number as it is dialled"},
	"digits":        {checkDigits, `how many, or least and most: "4-12"`},
	"dialled-keys":  {checkDialledKeys, "0 to 9, *, #, A to D, at most 64"},
	"domain":        {checkDomain, "a domain name"},
	"extension":     {checkExtension, "digits, letters, *, #, - and _"},
	"host-port":     {checkHostPort, "an IP address and a port"},
	"http-prefix":   {checkHTTPPrefix, "http:// or https:// up to a slash"},
	"keys":          {checkKeys, "0 to 9, *, #, A to D"},
	"language":      {checkLanguage, "a BCP 47 tag"},
	"listen-url":    {checkListen, "transport://address:port"},
	"mail":          {checkMail, "a mail address"},
	"metric-label":  {func(string) error { return nil }, "a map of texts"},
	"number":        {checkNumber, "a number, E.164 or national"},
	"path":          {checkPath, "a path in the configuration"},
	"mock-url":      {checkMockURL, "http:// or https://; a * at the end stands for anything"},
	"pin":           {checkPIN, "4 to 12 digits"},
	"plugin-source": {checkPluginSource, `a path in the configuration, or "callbox:NAME"`},
	"sentence":      {checkSentence, "a sentence of 1 to 200 characters"},
	"server":        {checkServer, "a host and a port"},
	"sip-uri":       {checkSIPURI, "a SIP URI"},
	"staff-number":  {checkStaffNumber, "1 to 10 digits"},
	"web-origin":    {checkWebOrigin, "http:// or https://, a host and perhaps a port"},
	"web-url":       {checkWebURL, "http:// or https://"},
}

// specials decode what is not decoded by its type. The key is a field's format.
var specials map[string]special

func init() { // a variable would refer to itself by way of the decoder
	specials = map[string]special{
		"any-value": decodeAnyValue,
		"clock":     decodeClock,
		"function":  decodeFunction,
		"ical":      decodeHolidays,
		"kept":      decodeKept,
		"origin":    decodeOrigin,
		"ports":     decodePorts,
		"tags":      decodeTags,
		"texts":     decodeTexts,
		"type":      decodeType,
	}
}

var nameText = regexp.MustCompile(`^[\p{L}\p{N}_][\p{L}\p{N}_-]{0,63}$`)

// checkName checks the name of a block.
func checkName(s string) error {
	if nameText.MatchString(s) || hclsyntax.ValidIdentifier(s) && len(s) <= 64 {
		return nil
	}
	return remedy("A name has letters, digits, _ and -, no spaces or dots, and 64 characters at most: it must be possible to refer to it.")
}

var extensionText = regexp.MustCompile(`^[0-9A-Za-z*#][0-9A-Za-z*#_-]{0,31}$`)

func checkExtension(s string) error {
	if extensionText.MatchString(s) {
		return nil
	}
	return remedy(`An extension has digits, letters, *, #, - and _, 32 at most: "1001", "0101", "lobby".`)
}

var (
	e164     = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	national = regexp.MustCompile(`^[0-9]{2,15}$`)
	dialled  = regexp.MustCompile(`^\+?[0-9A-Za-z*#._-]{1,32}$`)
	noise    = regexp.MustCompile(`[\s()./-]`)
)

func checkNumber(s string) error {
	if e164.MatchString(s) || national.MatchString(s) {
		return nil
	}
	if clean := noise.ReplaceAllString(s, ""); clean != s && (e164.MatchString(clean) || national.MatchString(clean)) {
		return remedyf("Write the digits without anything between them: %q.", clean)
	}
	if strings.HasPrefix(s, "+0") || strings.HasPrefix(s, "+") && len(s) < 8 {
		return remedy(`Behind the + comes the country's code, then the number without its 0: "+886227001234" (E.164, 7 to 15 digits).`)
	}
	return remedy(`A number is + and 7 to 15 digits (E.164), "+886227001234", or 2 to 15 digits as dialled in the country, "0227001234".`)
}

func checkDialled(s string) error {
	if dialled.MatchString(s) {
		return nil
	}
	if clean := noise.ReplaceAllString(s, ""); clean != s && dialled.MatchString(clean) {
		return remedyf("Write it without anything between the digits: %q.", clean)
	}
	return remedy(`Write the number as it is dialled: "0227001234", "+886227001234", "*97"; for several numbers use number_matching.`)
}

var staffNumber = regexp.MustCompile(`^[0-9]{1,10}$`)

func checkStaffNumber(s string) error {
	if staffNumber.MatchString(s) {
		return nil
	}
	return remedy(`A staff number has 1 to 10 digits: "1001".`)
}

var pinText = regexp.MustCompile(`^[0-9]{4,12}$`)

func checkPIN(s string) error {
	if pinText.MatchString(s) {
		return nil
	}
	return remedy("A pin has 4 to 12 digits: it is entered at a phone.")
}

var keysText = regexp.MustCompile(`^[0-9*#A-D]{1,8}$`)

func checkKeys(s string) error {
	if keysText.MatchString(s) {
		return nil
	}
	return remedy(`Keys are 0 to 9, *, # and A to D, at most 8 of them: "1", "*", "42".`)
}

var codeText = regexp.MustCompile(`^[*#][0-9*#]{1,5}$`)

func checkCode(s string) error {
	if s == "" || codeText.MatchString(s) {
		return nil
	}
	return remedy(`A code is * or # and 1 to 5 digits: "*61"; "" turns it off.`)
}

func checkCountry(s string) error {
	r, err := language.ParseRegion(s)
	switch {
	case s == "UK":
		return remedy(`The United Kingdom is "GB" in ISO 3166.`)
	case len(s) != 2 || err != nil || !r.IsCountry():
		return remedy(`A country is two capital letters of ISO 3166: "TW", "DE", "US".`)
	case s != strings.ToUpper(s):
		return remedyf("Write it in capitals: %q.", strings.ToUpper(s))
	}
	return nil
}

func checkLanguage(s string) error {
	tag, err := language.Parse(s)
	if err != nil || s == "" || strings.Contains(s, "_") {
		if fixed := strings.ReplaceAll(s, "_", "-"); fixed != s && checkLanguage(fixed) == nil {
			return remedyf("Write it with a hyphen: %q.", fixed)
		}
		return remedy(`A language is a BCP 47 tag: "en", "de", "zh-Hant", "pt-BR".`)
	}
	if canonical := tag.String(); strings.EqualFold(canonical, s) && canonical != s {
		return remedyf("Write it as %q.", canonical)
	}
	return nil
}

var hostText = regexp.MustCompile(`^(?i:[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func isHost(s string) bool {
	if _, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return true
	}
	// Four numbers that are no address are a slip, not a name.
	return len(s) <= 253 && hostText.MatchString(strings.ToLower(s)) && strings.Trim(s, "0123456789.") != ""
}

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 1 && n <= 65535
}

func checkDomain(s string) error {
	if isHost(s) && strings.Contains(s, ".") && strings.Trim(s, "0123456789.:") != "" {
		return nil
	}
	return remedy(`A domain is a name such as "box.example.com", without https:// and without a path.`)
}

func checkServer(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err == nil && isHost(host) && isPort(port) {
		return nil
	}
	return remedy(`Write host and port: "mail.example.com:587".`)
}

func checkHostPort(s string) error {
	if _, err := netip.ParseAddrPort(s); err == nil {
		return nil
	}
	if strings.Contains(s, "://") {
		return remedy(`Write address and port alone: "0.0.0.0:8080".`)
	}
	return remedy(`Write an IP address and a port from 1 to 65535: "0.0.0.0:8080", "127.0.0.1:8080", "[::]:8080".`)
}

var transports = []string{"udp", "tcp", "tls", "ws", "wss"}

func checkListen(s string) error {
	scheme, rest, found := strings.Cut(s, "://")
	if !found {
		return remedy(`Write transport, address and port: "udp://0.0.0.0:5060".`)
	}
	for _, t := range transports {
		if t != scheme {
			continue
		}
		if _, err := netip.ParseAddrPort(rest); err == nil {
			return nil
		}
		return remedyf("Behind %s:// comes an IP address and a port from 1 to 65535: %q, %q.", scheme, scheme+"://0.0.0.0:5060", scheme+"://[::]:5060")
	}
	return remedy(strings.TrimSpace(meant(scheme, transports, "Transports are")))
}

func checkSIPURI(s string) error {
	const shape = `A SIP URI is "sip:HOST", "sip:HOST:PORT" or "sip:HOST:PORT;transport=tcp" (RFC 3261 section 19.1).`
	rest, ok := strings.CutPrefix(s, "sip:")
	if secure, sips := strings.CutPrefix(s, "sips:"); sips {
		rest, ok = secure, true
	}
	if !ok {
		return remedy(shape + " It begins with sip:.")
	}
	rest, params, _ := strings.Cut(rest, ";")
	if i := strings.LastIndex(rest, "@"); i >= 0 {
		if strings.Contains(rest[:i], ":") {
			return remedy(shape + " A password does not stand in it: write username and password.")
		}
		rest = rest[i+1:]
	}
	host := rest
	if h, port, err := net.SplitHostPort(rest); err == nil {
		host = h
		if !isPort(port) {
			return remedy(shape + " The port is 1 to 65535.")
		}
	}
	if !isHost(host) {
		return remedy(shape + " Its host is no name and no address.")
	}
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(p, "=")
		if name == "transport" {
			switch value {
			case "udp", "tcp", "tls":
			default:
				return remedy(strings.TrimSpace("The transport of a trunk is udp, tcp or tls. " + meant(value, []string{"udp", "tcp", "tls"}, "Allowed are")))
			}
		}
	}
	return nil
}

func checkMail(s string) error {
	if a, err := mail.ParseAddress(s); err == nil && a.Address == s {
		return nil
	}
	return remedy(`Write a mail address, without a name: "claims@example.com".`)
}

func checkWebURL(s string) error {
	u, err := url.Parse(s)
	if err == nil && (u.Scheme == "https" || u.Scheme == "http") && isHost(u.Hostname()) && u.User == nil {
		return nil
	}
	return remedy(`Write a whole address: "https://host/path". Names and passwords do not stand in it.`)
}

// checkWebOrigin checks what a browser sends as Origin (RFC 6454 section 6.2):
// it writes no path and no port that is the usual one, so with either a page
// would never be let in.
func checkWebOrigin(s string) error {
	const shape = `An origin is what the browser's address line has up to the first slash: "https://desk.example", "http://192.168.0.9:3000".`
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !isHost(u.Hostname()) || u.User != nil {
		return remedy(shape)
	}
	usual := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	short := u.Scheme + "://" + strings.ToLower(strings.TrimSuffix(u.Host, ":"+usual))
	switch {
	case u.Port() != "" && !isPort(u.Port()):
		return remedy(shape + " The port is 1 to 65535.")
	case short != s:
		return remedyf("%s Write %q.", shape, short)
	}
	return nil
}

func checkPath(s string) error {
	_, err := inside(s)
	if err != nil {
		return remedy(sentence(err.Error()))
	}
	return nil
}

var bundledText = regexp.MustCompile(`^callbox:[a-z][a-z0-9_-]*$`)

func checkPluginSource(s string) error {
	if bundledText.MatchString(s) {
		return nil
	}
	if _, err := inside(s); err != nil {
		return remedy(sentence(err.Error()) + ` Write a path of the configuration, "plugins/policy.lua", or one that is bundled, "callbox:survey".`)
	}
	return nil
}

func checkBackupTarget(s string) error {
	u, err := url.Parse(s)
	if err == nil && (u.Scheme == "sftp" || u.Scheme == "s3") && u.Host != "" && u.User == nil || strings.HasPrefix(s, "/") {
		return nil
	}
	return remedy(`Write a folder of the machine, "/mnt/backup", or "sftp://host/path", "s3://bucket/path"; username and password are attributes.`)
}
