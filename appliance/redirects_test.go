package appliance_test

import (
	"fmt"
	"strings"
	"testing"

	"callbox/appliance/sim"
)

// moves answers calls with the contacts that go says for the number that was called; other requests with 200.
func moves(go_ func(number string) []string) func(method, request string) (string, string) {
	return func(method, request string) (string, string) {
		if method != "INVITE" {
			return "", ""
		}
		head := "SIP/2.0 302 Moved Temporarily\r\n"
		for _, contact := range go_(calledUser.FindStringSubmatch(request)[1]) {
			head += "Contact: " + contact + "\r\n"
		}
		return head, ""
	}
}

func always(contacts ...string) func(string) []string {
	return func(string) []string { return contacts }
}

const mayCall = `
route "out" {
  from            = phones
  number_matching = "^[0+]"
  class           = "national"
  to              = [trunk.pstn]
}
`

func trunk(name, addr, more string) string {
	return fmt.Sprintf("trunk %q {\n  address = \"sip:%s\"\n%s}\n", name, addr, more)
}

const following = "  follow_redirects = true\n"

func TestACarriersRedirectIsFollowedWhereTheConfigurationSaysSo(t *testing.T) {
	for _, c := range []struct{ name, contact, number string }{
		{"another number", "<sip:0227008888@127.0.0.1>", "0227008888"},
		{"by its own gateway", "<sip:+886227008888;npdi@127.0.0.2:5099;user=phone>", "+886227008888"},
		{"no host", "<tel:+886-2-2700-8888>", "+886227008888"},
		{"the best that can be called", "<mailto:boss@example.com>;q=1, <sip:0227000000@192.0.2.9>;q=0.9, <sips:0227008888@127.0.0.2>;q=0.5, <tel:0227001111>;q=0.1", "0227008888"},
	} {
		t.Run(c.name, func(t *testing.T) {
			gateway, err := sim.NewPhone(sim.PhoneOptions{Listen: "127.0.0.2:0", User: "gw"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { gateway.Close() })
			pstn := newWire(t, "127.0.0.1", func(method, request string) (string, string) {
				if method == "INVITE" && !strings.Contains(request, "sip:0227009999@") {
					return "SIP/2.0 486 Busy Here\r\n", "" // it is called with the number that it named
				}
				return moves(always(c.contact))(method, request)
			})
			o := newOffice(t, trunk("pstn", pstn.addr(), following)+trunk("gateway", gateway.Addr(), "")+mayCall)
			a := o.call(o.phone("1001"), "0227009999")
			if !strings.Contains(c.contact, "127.0.0.2") {
				o.gone(a)
				if cdr := o.cdr(1); pstn.count("INVITE", c.number) != 1 || cdr.Cause.Why != "busy" || cdr.Trunk != "pstn" {
					t.Errorf("%d calls for the number that it named, CDR %+v", pstn.count("INVITE", c.number), cdr)
				}
				return
			}
			b := o.rings(gateway)
			if err := b.Answer(); err != nil {
				t.Fatal(err)
			}
			o.answered(a)
			a.Hangup()
			o.gone(b)
			if cdr := o.cdr(1); cdr.Trunk != "gateway" || cdr.Outcome != "answered" {
				t.Errorf("CDR %+v", cdr)
			}
		})
	}
}

func TestACarriersRedirectThatMayNotBeFollowedEndsTheCallWithItsOwnCause(t *testing.T) {
	for _, c := range []struct {
		name, more string
		contacts   []string
		code       int
		who, why   string
		sip        int
		outcome    string
	}{
		{"it is not wanted", "", []string{"<sip:0227008888@127.0.0.1>"}, 480, "trunk", "redirected", 302, "failed"},
		{"to a host that nobody named", following, []string{"<sip:0227008888@192.0.2.9>"}, 480, "trunk", "redirected", 302, "failed"},
		{"to a web page", following, []string{"<https://127.0.0.1/0227008888>"}, 480, "trunk", "redirected", 302, "failed"},
		{"to nowhere", following, nil, 480, "trunk", "redirected", 302, "failed"},
		{"abroad", following, []string{"<sip:+4930123456@127.0.0.1>"}, 403, "box", "not_allowed", 403, "blocked"},
		{"to the police", following, []string{"<sip:110@127.0.0.1>"}, 403, "box", "not_allowed", 403, "blocked"},
		{"to itself", following, []string{"<sip:0227009999@127.0.0.1>"}, 482, "box", "loop", 482, "failed"},
		{"to itself, written otherwise", following, []string{"<tel:+886-2-2700-9999>"}, 482, "box", "loop", 482, "failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pstn := newWire(t, "127.0.0.1", moves(always(c.contacts...)))
			o := newOffice(t, trunk("pstn", pstn.addr(), c.more)+mayCall)
			r := o.gone(o.call(o.phone("1001"), "0227009999"))
			if r.Code != c.code {
				t.Errorf("the phone got %+v", r)
			}
			if cdr := o.cdr(1); cdr.Cause.Who != c.who || cdr.Cause.Why != c.why || cdr.Cause.SIP != c.sip || cdr.Outcome != c.outcome {
				t.Errorf("CDR %+v", cdr)
			}
			if n := pstn.count("INVITE", "0227009999"); n != 1 {
				t.Errorf("the carrier was called %d times", n)
			}
		})
	}
}

func TestACarrierThatRedirectsForEverIsLeftAfterFiveTimes(t *testing.T) {
	pstn := newWire(t, "127.0.0.1", moves(func(number string) []string {
		last := number[len(number)-1]
		return []string{"<sip:" + number[:len(number)-1] + string(last+1) + "@127.0.0.1>"}
	}))
	o := newOffice(t, trunk("pstn", pstn.addr(), following)+mayCall)
	r := o.gone(o.call(o.phone("1001"), "0227009900"))
	if cdr := o.cdr(1); r.Code != 482 || cdr.Cause.Why != "loop" {
		t.Errorf("%+v, CDR %+v", r, cdr)
	}
	if pstn.count("INVITE", "0227009905") != 1 || pstn.count("INVITE", "0227009906") != 0 {
		t.Errorf("it was called %v", pstn.seen)
	}
}

func TestTheNextTrunkIsTriedWhenOneRedirectsInVain(t *testing.T) {
	pstn, backup := newWire(t, "127.0.0.1", moves(always("<sip:0227008888@127.0.0.1>"))), carrier(t, "")
	o := newOffice(t, trunk("pstn", pstn.addr(), "")+trunk("backup", backup.Addr(), "")+strings.ReplaceAll(mayCall, "[trunk.pstn]", "[trunk.pstn, trunk.backup]"))
	a := o.call(o.phone("1001"), "0227009999")
	if err := o.rings(backup).Answer(); err != nil {
		t.Fatal(err)
	}
	o.answered(a)
	a.Hangup()
}

// extension is one whose phone decides by itself where its calls go.
func extension(more string) string {
	return "extension \"1004\" {\n  password = \"four\"\n  allow    = [\"internal\", \"national\"]\n" + more + "}\n"
}

func TestAForwardThatIsSetOnThePhoneIsFollowedWithinTheRightsOfItsExtension(t *testing.T) {
	for _, c := range []struct{ name, contact, rings string }{
		{"a colleague", "<sip:1002@192.168.0.1>", "1002"},
		{"a number outside", "<sip:0227008888@192.168.0.1>", "pstn"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pstn, desk := carrier(t, ""), newWire(t, "127.0.0.1", moves(always(c.contact)))
			o := newOffice(t, trunk("pstn", pstn.Addr(), "")+mayCall+extension(following))
			desk.registers(o, "1004")
			at := pstn
			if c.rings != "pstn" {
				at = o.phone(c.rings)
			}
			a := o.call(o.phone("1003"), "1004") // that itself may call no number outside
			if err := o.rings(at).Answer(); err != nil {
				t.Fatal(err)
			}
			o.answered(a)
			a.Hangup()
			if cdr := o.cdr(1); cdr.Outcome != "answered" || cdr.Dialled != "1004" {
				t.Errorf("CDR %+v", cdr)
			}
		})
	}
}

func TestAForwardThatIsSetOnThePhoneStopsItsOtherPhonesFromRinging(t *testing.T) {
	desk := newWire(t, "127.0.0.1", moves(always("<sip:1002@box>")))
	o := newOffice(t, extension(following))
	cell := o.phone("1004")
	desk.registers(o, "1004")
	jun := o.phone("1002")
	a := o.call(o.phone("1001"), "1004")
	first := o.rings(cell)
	if err := o.rings(jun).Answer(); err != nil {
		t.Fatal(err)
	}
	o.answered(a)
	o.gone(first)
	a.Hangup()
}

func TestAForwardThatIsSetOnThePhoneAndMayNotBeFollowedIsSaid(t *testing.T) {
	for _, c := range []struct {
		name, more, contact string
		code                int
		who, why            string
		sip                 int
	}{
		{"it is not wanted", "", "<sip:1002@box>", 480, "callee", "redirected", 302},
		{"the extension may not call there", following, "<sip:0912345678@box>", 403, "box", "not_allowed", 403},
		{"nobody is sent to the police", following, "<sip:110@box>", 403, "box", "not_allowed", 403},
		{"to a name that nobody can dial", following, "<sip:the%20boss@box>", 480, "callee", "redirected", 302},
		{"to itself", following, "<sip:1004@box>", 482, "box", "loop", 482},
	} {
		t.Run(c.name, func(t *testing.T) {
			pstn, desk := carrier(t, ""), newWire(t, "127.0.0.1", moves(always(c.contact)))
			o := newOffice(t, trunk("pstn", pstn.Addr(), "")+mayCall+extension(c.more))
			desk.registers(o, "1004")
			r := o.gone(o.call(o.phone("1001"), "1004"))
			if cdr := o.cdr(1); r.Code != c.code || cdr.Cause.Who != c.who || cdr.Cause.Why != c.why || cdr.Cause.SIP != c.sip {
				t.Errorf("%+v, CDR %+v", r, cdr)
			}
		})
	}
}

func TestWherePhonesMayNotForwardByThemselvesTheBoxDoes(t *testing.T) {
	desk := newWire(t, "127.0.0.1", moves(always("<sip:1003@box>")))
	o := newOffice(t, extension("  forward {\n    when = \"no_answer\"\n    to   = extension.1002\n  }\n"))
	desk.registers(o, "1004")
	jun := o.phone("1002")
	a := o.call(o.phone("1001"), "1004")
	if err := o.rings(jun).Answer(); err != nil {
		t.Fatal(err)
	}
	o.answered(a)
	a.Hangup()
}
