package lua

import (
	"fmt"
	"strings"
)

// errNotHere is what a plugin hears of a part of the box that is not there.
func errNotHere(what string) error { return fmt.Errorf("this box has no %s", what) }

var mailClass = class{name: "Mail", doc: "A mail to send.", closed: true, fields: []param{
	{name: "to", kind: "string|string[]", doc: "One address or several, 20 at most."},
	{name: "subject", kind: "string", doc: "One line."},
	{name: "text", kind: "string", doc: "The text."},
}}

const (
	maxRecipients = 20
	maxSMS        = 1600 // bytes: ten parts
	maxMail       = 256 << 10
)

var messageFunctions = []declaration{
	{module: "sms", name: "send", doc: "Sends a short message.", phases: loaded, needs: grantSMS, effect: true, fails: true, returns: []param{{name: "sent", kind: "boolean", doc: "true: it was taken over."}},
		params:  []param{{name: "to", kind: "string", doc: "A number."}, {name: "text", kind: "string", doc: "The text, 1,600 bytes at most."}},
		example: `local sent, err = sms.send(call.from, "Your ticket is " .. ticket.id)`, serve: serveSMS},
	{module: "mail", name: "send", doc: "Sends a mail.", phases: loaded, needs: grantMail, effect: true, fails: true, returns: []param{{name: "sent", kind: "boolean", doc: "true: it was taken over."}},
		params:  []param{{name: "mail", kind: "callbox.Mail", doc: "The mail."}},
		example: `mail.send{ to = "claims@example.com", subject = "A call", text = call.from }`, serve: serveMail},
}

func serveSMS(s *service, args []any) ([]any, error) {
	to, body := args[0].(string), args[1].(string)
	switch {
	case s.h.o.Services.SMS == nil:
		return nil, errNotHere("short messages; it needs an sms block")
	case to == "" || body == "" || len(to) > 64 || len(body) > maxSMS:
		return nil, misusef("a short message has a number, and 1 to %d bytes of text", maxSMS)
	}
	return []any{true}, s.h.o.Services.SMS(s.ctx, to, body)
}

func serveMail(s *service, args []any) ([]any, error) {
	o := args[0].(map[string]any)
	m := Mail{Plugin: s.plugin.Name, Subject: text(o, "subject"), Text: text(o, "text")}
	switch to := o["to"].(type) {
	case string:
		m.To = []string{to}
	case []any:
		for _, one := range to {
			address, _ := one.(string)
			m.To = append(m.To, address)
		}
	}
	if s.h.o.Services.Mail == nil {
		return nil, errNotHere("mail; it needs an smtp block")
	}
	if len(m.To) == 0 || len(m.To) > maxRecipients || len(m.Text) > maxMail || len(m.Subject) > 998 {
		return nil, misusef("a mail has 1 to %d addresses, a subject of one line and %d kB of text at most", maxRecipients, maxMail>>10)
	}
	for _, line := range append(m.To, m.Subject) {
		if strings.ContainsAny(line, "\r\n\x00") { // another header could begin there
			return nil, misusef("addresses and the subject of a mail are single lines")
		}
	}
	for _, to := range m.To {
		if !strings.Contains(to, "@") {
			return nil, misusef("%.80q is no mail address", to)
		}
	}
	return []any{true}, s.h.o.Services.Mail(s.ctx, m)
}
