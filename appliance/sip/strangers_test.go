package sip

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// methods are all that a stranger may try.
var methods = []string{"INVITE", "REGISTER", "OPTIONS", "SUBSCRIBE", "MESSAGE", "NOTIFY", "PUBLISH", "REFER", "INFO", "UPDATE", "PRACK", "BYE", "CANCEL", "ACK", "FOOBAR"}

// ask is a request to a user of the box, as short as it may be but for what is added.
func ask(method, user, headers string) string {
	uri := "sip:" + user + "@box"
	if method == "REGISTER" {
		uri = "sip:box"
	}
	n := fmt.Sprintf("%012d", serial.Add(1))
	return fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK%s\r\nFrom: <sip:%s@box>;tag=1\r\nTo: <sip:%s@box>\r\n"+
		"Call-ID: %s\r\nCSeq: 1 %s\r\nContact: <sip:%s@127.0.0.1:9>\r\n%sContent-Length: 0\r\n\r\n", method, uri, n, user, user, n, method, user, headers)
}

func TestA01StrangersLearnNoVersion(t *testing.T) {
	r := newRack(t, twoPhones())
	r.o.UserAgent = "Product/9.8.7"
	u := udpPeer(t, r.at("udp"))
	for _, method := range methods {
		got, _ := r.answers(u, []byte(ask(method, "1001", "")))
		for _, m := range got {
			if strings.Contains(string(m), "9.8.7") || m.get("Server") != "" || m.get("User-Agent") != "" || m.get("Organization") != "" {
				t.Errorf("%s: %q", method, m)
			}
		}
	}
}

func TestA01ScannersAreIgnoredThenBlockedAndListed(t *testing.T) {
	for _, agent := range []string{"friendly-scanner", "VaxSIPUserAgent/3.0", "sipcli/v1.8", "pplsip"} {
		t.Run(agent, func(t *testing.T) {
			r := newRack(t, twoPhones())
			u := udpPeer(t, r.at("udp"))
			for _, method := range methods[:int(probePace.most)] {
				u.write(ask(method, "1001", "User-Agent: "+agent+"\r\n"))
			}
			got, _ := r.answers(u, nil)
			if len(got) != 0 || len(r.Blocks()) != 0 {
				t.Fatalf("answered with %q, blocked %v", statuses(got), r.Blocks())
			}
			u.write(ask("OPTIONS", "1001", "User-Agent: "+agent+"\r\n"))
			if n := r.notice(Blocked); n.Reason != "scanner" || len(r.Blocks()) != 1 {
				t.Errorf("%+v, %v", n, r.Blocks())
			}
			if c := r.Counters(); c.Scanned < uint64(probePace.most) {
				t.Errorf("%d counted", c.Scanned)
			}
		})
	}
}

func TestA01APhoneThatIsKnownMayCallItselfAsItLikes(t *testing.T) {
	r := newRack(t, twoPhones())
	u := udpPeer(t, r.at("udp"))
	u.register("1001", "secret-one")
	got, _ := r.answers(u, []byte(ask("OPTIONS", "1001", "User-Agent: sipcli\r\n")))
	if s := statuses(got); !slices.Equal(s, []string{"200"}) {
		t.Errorf("answers %v", s)
	}
}

// Neither status nor headers nor size tell whether a user exists.
func TestA02NoAnswerTellsWhoExists(t *testing.T) {
	credentials := map[string]func(challenge text, method, user string) string{
		"none": func(text, string, string) string { return "" },
		"wrong": func(challenge text, method, user string) string {
			p := &raw{t: t, user: user, password: "guess"}
			uri := "sip:" + user + "@box"
			if method == "REGISTER" {
				uri = "sip:box"
			}
			return p.credentials(challenge, "MD5", method, uri) + "\r\n"
		},
		"malformed": func(text, string, string) string { return "Authorization: Digest username=\r\n" },
		"basic":     func(text, string, string) string { return "Authorization: Basic MTAwMTpndWVzcw==\r\n" },
	}
	for kind, make := range credentials {
		for _, method := range methods {
			r := newRack(t, twoPhones())
			u := udpPeer(t, r.at("udp"))
			var challenge text
			if got, _ := r.answers(u, []byte(ask("REGISTER", "1001", ""))); len(got) == 1 {
				challenge = got[0]
			}
			answer := func(user string) string {
				got, _ := r.answers(u, []byte(ask(method, user, make(challenge, method, user))))
				var out strings.Builder
				for _, m := range got {
					fmt.Fprintf(&out, "%d bytes: %s\n", len(m), m.first())
					head, _, _ := strings.Cut(string(m), "\r\n\r\n")
					for line := range strings.SplitSeq(head, "\r\n") {
						name, value, _ := strings.Cut(line, ":")
						switch name {
						case "Via", "From", "To", "Call-ID", "CSeq", "WWW-Authenticate": // they differ, by what was sent or by chance
							value = fmt.Sprint(len(value))
						}
						fmt.Fprintf(&out, "%s: %s\n", name, value)
					}
				}
				return out.String()
			}
			if here, missing := answer("1001"), answer("7007"); here != missing {
				t.Errorf("%s, credentials %s: who exists gets\n%s\nwho does not\n%s", method, kind, here, missing)
			}
		}
	}
}

// nothing is done for who has not proved who it is.
func TestX05NoMethodDoesAnythingForAStranger(t *testing.T) {
	r := newRack(t, twoPhones())
	u := udpPeer(t, r.at("udp"))
	for _, method := range methods {
		for _, tag := range []string{"", ";tag=guessed"} {
			s := ask(method, "1001", "Refer-To: <sip:900@box>\r\nEvent: dialog\r\nRAck: 1 1 INVITE\r\nReplaces: x;to-tag=1;from-tag=2\r\n")
			got, _ := r.answers(u, []byte(strings.Replace(s, "To: <sip:1001@box>", "To: <sip:1001@box>"+tag, 1)))
			for _, code := range statuses(got) {
				if code == "200" && method == "OPTIONS" && tag == "" {
					continue
				}
				if code[0] < '4' {
					t.Errorf("%s%s: %s", method, tag, code)
				}
			}
		}
	}
	if c := r.Counters(); c.Invites != 0 || c.Dialogs != 0 || len(r.Contacts("1001")) != 0 {
		t.Errorf("%+v", c)
	}
}

// X-06 beyond the first INVITE, which TestACallerIsWhoItsCredentialSays has.
func TestX06APhoneCannotSpeakForAnother(t *testing.T) {
	r := newRack(t, twoPhones())
	u := udpPeer(t, r.at("udp"))
	u.register("1001", "secret-one")
	l := u.call("1002")
	l.authed("REGISTER", "", "403", "Contact: <sip:1001@"+u.local+">")
	if len(r.Contacts("1002")) != 0 {
		t.Error("1002 is where 1001 said")
	}
	v := udpPeer(t, r.at("udp")) // within a call of another, by its tags and from elsewhere: TestA13
	v.user, v.password = "1002", "secret-two"
	_, d := r.dialled(v, "1001", "v=0")
	if in := d.Invite(); in.From.Number != "1002" {
		t.Errorf("%+v", in)
	}
}

// A UDP source that may be invented gets no more bytes than it sent, but for a first 2 kB.
func TestA12StrangersGetNoMoreThanTheySend(t *testing.T) {
	shortest := "OPTIONS sip:a SIP/2.0\r\nv:SIP/2.0/UDP a\r\nf:sip:a\r\nt:sip:a\r\ni:1\r\nCSeq:1 OPTIONS\r\n\r\n"
	kinds := map[string]func() string{
		"the shortest": func() string { return strings.Replace(shortest, "i:1", "i:"+unique(), 1) },
		"garbage":      func() string { return "INVITE x SIP/2.0\r\nv:x\r\n\r\n" },
		"half":         func() string { return shortest[:60] },
		"keep-alives":  func() string { return "\r\n\r\n" },
		"no SIP":       func() string { return "GET / HTTP/1.1\r\n\r\n" },
		"extensions":   func() string { return ask("OPTIONS", "1", "Require: a,b,c\r\n") },
		"all": func() string {
			return ask(methods[serial.Load()%int64(len(methods))], "1", "")
		},
	}
	for _, m := range methods {
		kinds[m] = func() string { return ask(m, "1", "") }
	}
	for kind, write := range kinds {
		t.Run(kind, func(t *testing.T) {
			r := newRack(t, twoPhones())
			friend := udpPeer(t, r.at("udp"))
			friend.register("1001", "secret-one")
			stranger := strangerAt(t, "127.0.0.2", r.at("udp"))
			in, out := 0, 0
			const pause = 300 * time.Millisecond // the guard shall let all through
			for i := range 200 {
				s := write()
				in += len(s)
				fmt.Fprint(stranger, s)
				r.afterAll(friend)
				r.clock.Add(int64(pause))
				out += drain(t, stranger)
				if most := in + answersAhead + answersForget*(i+1)*int(pause)/int(time.Second); out > most {
					t.Fatalf("%d bytes in, %d out, in %d messages", in, out, i+1)
				}
			}
			t.Logf("%d bytes in, %d out: %.2f", in, out, float64(out)/float64(in))
			if c := r.Counters(); c.Dropped != 0 {
				t.Errorf("%d were not looked at", c.Dropped)
			}
		})
	}
}

func strangerAt(t *testing.T, from, box string) *net.UDPConn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(from)}}
	c, err := d.Dial("udp", box)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.UDPConn)
}

// drain is how many bytes wait to be read.
func drain(t *testing.T, c *net.UDPConn) (sum int) {
	t.Helper()
	way, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, maxMessage)
	way.Read(func(fd uintptr) bool {
		for {
			n, err := syscall.Read(int(fd), buf)
			if err != nil {
				return true
			}
			sum += n
		}
	})
	return sum
}
