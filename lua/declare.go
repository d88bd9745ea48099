package lua

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// phase is when a function of a plugin runs.
type phase uint16

const (
	phaseLoad phase = 1 << iota
	phaseRun
	phaseRoute
	phaseRank
	phaseOffer
	phaseDial
	phaseWrapUp
	phaseEvent

	always  = phaseLoad | loaded
	loaded  = onCall | phaseDial | phaseEvent
	onCall  = phaseRun | phaseRoute | phaseRank | phaseOffer | phaseWrapUp
	waiting = phaseRun // what the caller hears and presses belongs to functions that an ivr runs
)

var phaseNames = []struct {
	phase phase
	name  string
}{
	{phaseLoad, "while the plugin loads"}, {phaseRun, "in a function that an ivr runs"}, {phaseRoute, "in on_route"},
	{phaseRank, "in on_rank"}, {phaseOffer, "in on_offer"}, {phaseDial, "in on_dial"}, {phaseWrapUp, "in on_wrap_up"},
	{phaseEvent, "in a hook of an event"},
}

func (p phase) String() string {
	var names []string
	for _, n := range phaseNames {
		if p&n.phase != 0 {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, ", ")
}

// declaration is one function of the box as Lua sees it. Binding, checks, stubs and reference are made from it.
type declaration struct {
	module  string // "http": callbox.http; "call": a method of the call
	name    string
	doc     string // in the present tense, from the second line on as a sentence
	params  []param
	returns []param
	fails   bool   // instead it may return nil and the reason
	phases  phase  // in which it may be called
	needs   grant  // what the configuration must allow
	effect  bool   // the outside notices: a function that did it is not run again
	waits   bool   // for the caller: the time does not count
	example string // one line of Lua

	// One of the two: local runs in the child; serve runs in the box, with the arguments as values.
	local lua.LGFunction
	serve func(s *service, args []any) ([]any, error)
}

// param is an argument, a result, or a field of a class. Its type is spelled as the editor's: string, number, boolean, table, any,
// a name of a class.
type param struct {
	name, kind, doc string
	optional        bool
}

// class is a table with named fields.
type class struct {
	name   string // after "callbox."
	doc    string
	fields []param
	closed bool // an options table: another name in it is a mistake
}

// grant is what stands in a plugin's allow block.
type grant string

const (
	grantHTTP         grant = "http"
	grantKV           grant = "kv"
	grantCRM          grant = "crm = \"read\""
	grantCRMWrite     grant = "crm = \"write\""
	grantTickets      grant = "tickets = \"read\""
	grantTicketsWrite grant = "tickets = \"write\""
	grantSMS          grant = "sms"
	grantMail         grant = "mail"
)

// has says whether the block allows it. What an address may be is looked at where the request is made.
func (a Allow) has(g grant) bool {
	switch g {
	case grantHTTP:
		return len(a.HTTP) > 0
	case grantKV:
		return a.KV
	case grantCRM:
		return a.CRM != ""
	case grantCRMWrite:
		return a.CRM == "write"
	case grantTickets:
		return a.Tickets != ""
	case grantTicketsWrite:
		return a.Tickets == "write"
	case grantSMS:
		return a.SMS
	case grantMail:
		return a.Mail
	}
	return g == ""
}

// remedy is what to write to be granted it.
func (g grant) remedy() string {
	switch g {
	case grantHTTP:
		return `http = ["https://…/"]`
	case grantKV, grantSMS, grantMail:
		return string(g) + " = true"
	}
	return string(g)
}

func (d *declaration) id() string { return d.module + "." + d.name }

// spoken is the function as an author writes it.
func (d *declaration) spoken() string {
	if d.module == "call" {
		return "call:" + d.name
	}
	return d.module + "." + d.name
}

// module is a namespace.
type module struct{ name, doc string }

// modules are in the order of the reference. call is no module: its functions are methods of what a function is given.
var modules = []module{
	{"call", "The call that a function is about."},
	{"http", "Requests to addresses that the plugin was granted. JSON both ways."},
	{"kv", "What the plugin wants to find again. Private to it."},
	{"crm", "The customers."},
	{"tickets", "Tickets and work orders of the desk."},
	{"queues", "The queues, as they are now."},
	{"sms", "Short messages."},
	{"mail", "Mail."},
	{"log", "Lines in the box's log. Never write into it what callers enter in secret."},
	{"json", "JSON as text."},
	{"time", "The time, which is the box's: it stands still while Lua computes, so that a run can be repeated."},
	{"crypto", "Digests and encodings."},
	{"check", "Check digits and formats of numbers that callers give."},
}

// declarations is everything there is, by module in their order; declared finds a function by its id, declaredType a class by its
// name in a type. They are filled by init, because functions among them look things up here.
var (
	declarations []declaration
	declared     = map[string]*declaration{}
	declaredType = map[string]*class{}
	classes      = []class{callClass, customerClass, requestClass, responseClass, keepClass, collectClass, recordClass, queueClass, mailClass, eventClass}
)

func init() {
	declarations = slices.Concat(callFunctions, httpFunctions, kvFunctions, deskFunctions, queueFunctions, messageFunctions,
		logFunctions, jsonFunctions, timeFunctions, cryptoFunctions, checkFunctions)
	for i := range declarations {
		declared[declarations[i].id()] = &declarations[i]
	}
	for i := range classes {
		declaredType["callbox."+classes[i].name] = &classes[i]
	}
}
