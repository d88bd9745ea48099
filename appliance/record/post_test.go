package record

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callbox/appliance/media"
	"callbox/appliance/store"
	"callbox/hcl"
)

// mailing is a world whose mail goes to a server of the test.
func mailing(t *testing.T, s *mailServer, smtp string, change ...func(*Options)) *world {
	t.Helper()
	w := newWorld(t, t.TempDir(), append([]func(*Options){func(o *Options) { o.Roots = s.roots }}, change...)...)
	w.mailBy(s, smtp)
	return w
}

// mailBy changes the smtp block of the office.
func (w *world) mailBy(s *mailServer, smtp string) {
	w.t.Helper()
	w.cfg = configure(w.t, strings.Replace(office, `server = "mail.example.com:587"`, fmt.Sprintf("server = %q\n%s", s.listener.Addr(), smtp), 1))
	w.boxes.Apply(w.cfg)
}

// round lets the postman go once.
func (w *world) round() (next time.Time) { return w.boxes.round(w.t.Context(), w.now) }

// waits is how many letters are in the outbox.
func (w *world) waits() (n int) {
	for _, err := range w.boxes.outbox.All("", "", false) {
		must(w.t, err)
		n++
	}
	return n
}

// opened is a mail that was taken apart.
type opened struct {
	head mail.Header
	body string
	file string
	kind string
	wav  []byte
}

func open(t *testing.T, a arrived) (o opened) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(a.data))
	must(t, err)
	o.head = m.Header
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	must(t, err)
	if !strings.HasPrefix(kind, "multipart/") {
		text, err := io.ReadAll(m.Body)
		must(t, err)
		o.body = string(text)
		return o
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextPart()
		if err == io.EOF {
			return o
		}
		must(t, err)
		text, err := io.ReadAll(p)
		must(t, err)
		if p.FileName() == "" {
			o.body = string(text)
			continue
		}
		o.file = p.FileName()
		o.kind, _, _ = mime.ParseMediaType(p.Header.Get("Content-Type"))
		o.wav, err = base64.StdEncoding.DecodeString(strings.ReplaceAll(string(text), "\r\n", ""))
		must(t, err)
	}
}

func subject(t *testing.T, o opened) string {
	s, err := new(mime.WordDecoder).DecodeHeader(o.head.Get("Subject"))
	must(t, err)
	return s
}

func TestAMessageArrivesByMailWithItsSound(t *testing.T) {
	for name, c := range map[string]struct {
		smtp   string
		secure bool
		server func(*mailServer)
	}{
		"starttls with a password": {"username = \"callbox\"\npassword = secret(\"mail\")", true, func(s *mailServer) { s.password = "a-long-password-mail" }},
		"starttls":                 {"", true, func(*mailServer) {}},
		"implicit TLS": {"tls = \"implicit\"\nusername = \"callbox\"\npassword = secret(\"mail\")", true, func(s *mailServer) {
			s.implicit, s.password = true, "a-long-password-mail"
		}},
		"in the clear": {`tls = "off"`, false, func(s *mailServer) { s.plain = true }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newMailServer(t, c.server)
			w := mailing(t, s, c.smtp)
			m := w.leave("claims", 1000, 3*time.Second)
			if w.waits() != 1 {
				t.Fatalf("%d letters wait", w.waits())
			}
			w.round()
			if len(s.got()) != 1 || w.waits() != 0 {
				t.Fatalf("%d arrived, %d wait:\n%s", len(s.got()), w.waits(), w.log.String())
			}
			got := s.got()[0]
			if got.to != "claims@example.com" || got.secure != c.secure || !strings.Contains(got.from, "<callbox@example.com>") {
				t.Errorf("%+v", got)
			}
			o := open(t, got)
			if subject(t, o) != "Voicemail from Mr. Chen (+886912345678) for claims" || o.kind != "audio/wav" || o.file != "voicemail-20260302-170001-886912345678.wav" {
				t.Errorf("%q %q %q", subject(t, o), o.kind, o.file)
			}
			if !strings.Contains(o.body, "2026-03-02 17:00:01 +08:00") || !strings.Contains(o.body, "0:03") {
				t.Errorf("says %q", o.body)
			}
			if o.head.Get("Auto-Submitted") != "auto-generated" || o.head.Get("Message-Id") == "" {
				t.Errorf("headers %v", o.head)
			}
			sound, err := media.LoadWAV(bytes.NewReader(o.wav))
			must(t, err)
			isTone(t, sound, 1000, 3*time.Second)
			if w.boxes.Stats().Sent != 1 || !w.boxes.List("claims")[0].New {
				t.Errorf("%+v %+v", w.boxes.Stats(), m)
			}
		})
	}
}

func TestTheMailIsWrittenInTheBoxsLanguage(t *testing.T) {
	s := newMailServer(t)
	w := mailing(t, s, "")
	w.cfg.Appliance.Languages = []string{"zh-Hant", "en"}
	w.leave("claims", 1000, 2*time.Second)
	w.round()
	o := open(t, s.got()[0])
	if subject(t, o) != "claims 收到 Mr. Chen (+886912345678) 的留言" {
		t.Error(subject(t, o))
	}
}

func TestACallersNameWritesNoHeader(t *testing.T) {
	s := newMailServer(t)
	w := mailing(t, s, "")
	for _, name := range []string{
		"Eve\r\nBcc: all@example.com", "Eve\nSubject: won\r\n\r\n<html>", "Eve\u2028Bcc: x@y.z", "=?utf-8?q?Eve=0D=0ABcc:_x@y.z?=", strings.Repeat("長", 5000), "\x00\x1b[2J\xff", "\u202egpj.exe",
	} {
		from := outside
		from.From.Name = name
		from.From.Number = "0912345678"
		w.call(Leave{Boxes: w.boxes, Box: "claims"}, caller{start: from, speaks: []says{{1000, 2 * time.Second, "hangup"}}})
	}
	w.round()
	got := s.got()
	if len(got) != 7 {
		t.Fatalf("%d arrived:\n%s", len(got), w.log.String())
	}
	for _, a := range got {
		o := open(t, a)
		if len(o.head["Bcc"]) != 0 || len(o.head["Subject"]) != 1 || o.head.Get("To") != "<claims@example.com>" || len(o.wav) == 0 {
			t.Errorf("%v", o.head)
		}
		if text := subject(t, o); strings.ContainsAny(text, "\r\n\x00\x1b\u2028\u202e") || len([]rune(text)) > 200 {
			t.Errorf("subject %q", text)
		}
	}
}

func TestMailWaitsForAServerThatIsDownAndGoesOutWhenItIsBack(t *testing.T) {
	s := newMailServer(t)
	down := true
	s.answer = func(verb, _ string) string {
		if verb == "EHLO" && down {
			return "421 not now"
		}
		return ""
	}
	w := mailing(t, s, "")
	w.leave("claims", 1000, 2*time.Second)
	w.leave("claims", 1300, 2*time.Second)
	var waits []time.Duration
	for range 8 {
		next := w.round()
		waits = append(waits, next.Sub(w.now))
		w.now = next
	}
	want := []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, time.Hour, time.Hour}
	if fmt.Sprint(waits) != fmt.Sprint(want) {
		t.Errorf("waited %v", waits)
	}
	if n := s.said("EHLO"); n != 8 {
		t.Errorf("it was asked %d times", n)
	}
	down = false
	if next := w.round(); len(s.got()) != 2 || w.waits() != 0 || !next.IsZero() {
		t.Errorf("%d arrived, %d wait", len(s.got()), w.waits())
	}
	logged(t, w, "is tried again")
}

func TestNothingIsSentInTheClearOrToAStranger(t *testing.T) {
	for name, change := range map[string]func(*mailServer){
		"without STARTTLS":      func(s *mailServer) { s.plain = true },
		"with another's name":   func(s *mailServer) { s.roots = x509.NewCertPool() },
		"with a wrong password": func(s *mailServer) { s.password = "another" },
		"without an answer":     func(s *mailServer) { s.listener.Close() },
		"that asks for NTLM": func(s *mailServer) {
			s.answer = func(verb, _ string) string { return map[string]string{"EHLO": "250-test\n250 AUTH NTLM"}[verb] }
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newMailServer(t, change)
			w := mailing(t, s, "username = \"callbox\"\npassword = secret(\"mail\")")
			w.leave("claims", 1000, 2*time.Second)
			if next := w.round(); next.Sub(w.now) != time.Minute || w.waits() != 1 || s.said("MAIL") != 0 {
				t.Errorf("next %v, %d wait", next, w.waits())
			}
			if strings.Contains(w.log.String(), "a-long-password") {
				t.Error("the log has the password")
			}
			if text := w.log.String(); s.plain && s.said("AUTH") != 0 {
				t.Error(text)
			}
		})
	}
}

func TestAMailThatIsRefusedForGoodIsNotTriedForEver(t *testing.T) {
	refuse := map[string]string{"gone@example.com": "550 no such user", "busy@example.com": "451 later"}
	s := newMailServer(t, func(s *mailServer) {
		s.answer = func(verb, arg string) string {
			if verb == "RCPT" {
				return refuse[strings.Trim(strings.TrimPrefix(arg, "TO:"), "<>")]
			}
			return ""
		}
	})
	w := mailing(t, s, "")
	w.cfg.Voicemails["claims"].MailTo = []string{"gone@example.com", "busy@example.com", "claims@example.com"}
	w.leave("claims", 1000, 2*time.Second)
	next := w.round()
	if len(s.got()) != 1 || w.waits() != 1 || next.Sub(w.now) != time.Minute {
		t.Errorf("%d arrived, %d wait until %v", len(s.got()), w.waits(), next)
	}
	logged(t, w, "gone@example.com")
	refuse = nil
	w.now = next
	if w.round(); len(s.got()) != 2 || w.waits() != 0 || w.boxes.Stats().Unsent != 1 {
		t.Errorf("%d arrived, %+v", len(s.got()), w.boxes.Stats())
	}
}

func TestASoundThatIsTooLargeForTheServerIsLeftOut(t *testing.T) {
	s := newMailServer(t, func(s *mailServer) {
		s.answer = func(verb, data string) string {
			if verb == "CONTENT" && len(data) > 10000 {
				return "552 too large"
			}
			return ""
		}
	})
	w := mailing(t, s, "")
	w.leave("claims", 1000, 2*time.Second)
	w.round()
	w.round()
	if len(s.got()) != 1 {
		t.Fatalf("nothing arrived:\n%s", w.log.String())
	}
	if o := open(t, s.got()[0]); o.file != "" || !strings.Contains(o.body, "too long to be attached") {
		t.Errorf("%q with %q", o.body, o.file)
	}
}

func TestALongMessageIsToldWithoutItsSound(t *testing.T) {
	s := newMailServer(t)
	w := mailing(t, s, "")
	w.leave("claims", 1000, 2*time.Second)
	w.boxes.kept["claims"][0].Size = maxSound + 1
	w.round()
	if o := open(t, s.got()[0]); o.file != "" || !strings.Contains(o.body, "too long") {
		t.Errorf("%q with %q", o.body, o.file)
	}
}

func TestADeletedMessageIsNotMailedAnyMore(t *testing.T) {
	s := newMailServer(t)
	w := mailing(t, s, "")
	deleted, lost := w.leave("claims", 1000, 2*time.Second), w.leave("claims", 1000, 2*time.Second)
	must(t, w.boxes.Delete(deleted.ID))
	must(t, w.boxes.shelf.remove(lost.file()))
	w.round()
	if len(s.got()) != 0 || w.waits() != 0 || s.said("EHLO") != 0 {
		t.Errorf("%d arrived, %d wait", len(s.got()), w.waits())
	}
}

func TestTheOutboxIsBoundedInNumberAndAge(t *testing.T) {
	w := newWorld(t, "")
	for range maxLetters/MaxMessages + 1 {
		for range MaxMessages {
			w.leave("claims", 1000, time.Second)
		}
		w.boxes.kept["claims"] = nil // to make room in the box
	}
	if w.waits() != maxLetters {
		t.Errorf("%d wait", w.waits())
	}
	logged(t, w, "too many wait")
	w.leave("claims", 1000, time.Second)
	w.now = w.now.Add(maxAge)
	w.round()
	if w.waits() != 0 {
		t.Errorf("%d wait after %v", w.waits(), maxAge)
	}
}

func TestMailsOutliveARestart(t *testing.T) {
	s := newMailServer(t)
	dir, folder := filepath.Join(t.TempDir(), "store"), t.TempDir()
	db, err := store.Open(store.Options{Dir: dir, Ballast: -1})
	must(t, err)
	w := newWorld(t, folder, func(o *Options) { o.DB = db })
	w.leave("claims", 1000, 2*time.Second)
	must(t, db.Close())
	db, err = store.Open(store.Options{Dir: dir, Ballast: -1})
	must(t, err)
	defer db.Close()
	w = newWorld(t, folder, func(o *Options) { o.DB, o.Roots = db, s.roots })
	w.mailBy(s, "")
	if w.boxes.post.waiting.Load() != 1 {
		t.Error("the letter was forgotten")
	}
	_, err = w.boxes.Recover(t.Context())
	must(t, err)
	w.now = w.now.Add(time.Minute)
	w.round()
	if len(s.got()) != 1 || w.boxes.post.waiting.Load() != 0 {
		t.Errorf("%d arrived:\n%s", len(s.got()), w.log.String())
	}
}

func TestThePostmanBringsMailByHimself(t *testing.T) {
	s := newMailServer(t)
	w := mailing(t, s, "", func(o *Options) { o.Now, o.Log, o.Changed = nil, nil, nil })
	w.boxes.Start()
	w.boxes.Start()
	w.leave("claims", 1000, 2*time.Second)
	<-s.came
	must(t, w.boxes.Delete(w.boxes.List("claims")[0].ID))
}

func TestAServerThatSaysNothingHoldsUpNeitherCallersNorTheEnd(t *testing.T) {
	s := newMailServer(t, func(s *mailServer) { s.mute = true })
	w := mailing(t, s, "", func(o *Options) { o.Now, o.Log, o.Changed = nil, nil, nil })
	w.boxes.Start()
	w.leave("claims", 1000, 2*time.Second)
	<-s.dialled
	w.leave("claims", 1000, 2*time.Second)
	began := time.Now()
	w.boxes.post.end()
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("the end took %v", took)
	}
	if w.waits() != 2 {
		t.Errorf("%d wait", w.waits())
	}
}

func TestWithoutAMailServerNothingIsMailed(t *testing.T) {
	w := newWorld(t, "")
	w.cfg.SMTP = nil
	w.leave("claims", 1000, 2*time.Second)
	if w.waits() != 0 {
		t.Error("a letter waits for nobody")
	}
	logged(t, w, "there is no smtp block")
	w.cfg.SMTP = &hcl.SMTP{Server: "127.0.0.1:1", From: "a@b.c"}
	w.leave("claims", 1000, 2*time.Second)
	w.cfg.SMTP = nil
	if w.round(); w.waits() != 1 {
		t.Error("a letter did not wait for the server to come back into the configuration")
	}
}
