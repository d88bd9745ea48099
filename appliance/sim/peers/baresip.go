package peers

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Phone is one baresip: a desk phone that sends its own tone and records what it hears.
type Phone struct {
	Number string
	Hz     float64 // the tone it sends

	t       testing.TB
	server  string
	dir     string
	port    int
	control *control
	process *process
	before  string // the recording before that of the last call
}

// PhoneOptions is what is set at a phone.
type PhoneOptions struct {
	Server     string   // host:port of its registrar
	Transport  string   // udp, tcp or tls
	Number     string   // its extension
	Password   string   // wrong ones are welcome
	Hz         float64  // what it says, once it talks
	Auto       bool     // picks up by itself
	Silent     bool     // never registers; Dial takes whole URIs
	Codecs     []string // default pcma, pcmu
	Encryption Encryption
	IPv6       bool
}

// NewPhone starts a phone and waits until it has registered.
func NewPhone(t testing.TB, o PhoneOptions) *Phone {
	t.Helper()
	p := startPhone(t, o)
	if !o.Silent {
		p.Event("REGISTER_OK")
	}
	return p
}

func startPhone(t testing.TB, o PhoneOptions) *Phone {
	t.Helper()
	p := &Phone{Number: o.Number, Hz: o.Hz, t: t, server: o.Server, dir: t.TempDir()}
	first := Ports(t, 16) // SIP, SIP over TLS, control, and RTP from the fourth on
	p.port = first
	writeWAV(t, filepath.Join(p.dir, "tone.wav"), Tone(o.Hz, 60*time.Second))
	for name, text := range map[string]string{
		"config":   phoneConfig(o, p.dir, first),
		"accounts": "", // its account comes by command, so that we hear how it fares
		"contacts": "",
	} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log := filepath.Join(p.dir, "log")
	p.process = start(t, log, p.dir, "baresip", "-f", p.dir, "-s")
	t.Cleanup(func() {
		if text, err := os.ReadFile(log); err == nil && t.Failed() {
			t.Logf("phone %s:\n%s", o.Number, tail(text, 6000))
		}
	})
	p.control = dialControl(t, first+2)
	p.control.command(t, "uanew", phoneAccount(o))
	return p
}

func phoneConfig(o PhoneOptions, dir string, first int) string {
	host, sip := "127.0.0.1", "127.0.0.1"
	if o.IPv6 {
		host, sip = "::1", "[::1]"
	}
	modules := "module g711.so\nmodule g722.so\nmodule opus.so\n"
	if o.Encryption != Plain { // a certificate takes a moment to make
		modules += "module srtp.so\nmodule dtls_srtp.so\n"
	}
	return fmt.Sprintf(`poll_method epoll
sip_listen %[2]s:%[3]d
net_interface %[1]s
call_local_timeout 120
call_max_calls 4
audio_source aufile,%[4]s/tone.wav
audio_player aubridge,nobody
audio_alert aubridge,nobody
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_buffer 20-160
rtp_ports %[5]d-%[6]d
statmode_default off
module_path /usr/lib/baresip/modules
%[7]smodule sndfile.so
module aufile.so
module aubridge.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:%[8]d
snd_path %[4]s
`, host, sip, first, dir, first+4, first+15, modules, first+2)
}

func phoneAccount(o PhoneOptions) string {
	answer, register, codecs := "manual", 300, "pcma,pcmu"
	if o.Auto {
		answer = "auto"
	}
	if o.Silent {
		register = 0
	}
	if len(o.Codecs) > 0 {
		codecs = strings.NewReplacer("opus", "opus/48000/2", "g722", "g722/16000").Replace(strings.Join(o.Codecs, ","))
	}
	account := fmt.Sprintf("<sip:%s@%s;transport=%s>;auth_pass=%s;regint=%d;answermode=%s;audio_codecs=%s",
		o.Number, o.Server, o.Transport, o.Password, register, answer, codecs)
	if way := baresipWays[o.Encryption]; way != "" {
		account += ";mediaenc=" + way
	}
	return account
}

// baresipWays are the names of its media encryptions.
var baresipWays = map[Encryption]string{SDES: "srtp", SDESOnly: "srtp-mand", DTLS: "dtls_srtp"}

// Event waits for the next of these events.
func (p *Phone) Event(types ...string) Event {
	p.t.Helper()
	return p.control.await(p.t, p.Number, patience, types...)
}

// Address is where its SIP arrives, host:port.
func (p *Phone) Address() string { return fmt.Sprintf("127.0.0.1:%d", p.port) }

// Dial calls a number, or a URI.
func (p *Phone) Dial(number string) {
	p.t.Helper()
	p.before = p.recording()
	p.control.command(p.t, "dial", number)
}

// Answer picks up the call that rings.
func (p *Phone) Answer() {
	p.t.Helper()
	p.before = p.recording()
	p.control.command(p.t, "accept", "")
}

// HangUp ends the call, or declines the one that rings.
func (p *Phone) HangUp() { p.t.Helper(); p.control.command(p.t, "hangup", "") }

// Hold puts the other party on hold, Resume takes it back.
func (p *Phone) Hold()   { p.t.Helper(); p.control.command(p.t, "hold", "") }
func (p *Phone) Resume() { p.t.Helper(); p.control.command(p.t, "resume", "") }

// What a Party does, in baresip's words.

// Rings waits until a call rings.
func (p *Phone) Rings() { p.t.Helper(); p.Event("CALL_INCOMING") }

// Talks waits until a call is answered.
func (p *Phone) Talks() { p.t.Helper(); p.Event("CALL_ESTABLISHED") }

// Ends waits until a call is over.
func (p *Phone) Ends() { p.t.Helper(); p.Event("CALL_CLOSED") }

// Press presses a key, which it sends as an event (RFC 4733).
func (p *Phone) Press(key string) { p.t.Helper(); p.control.command(p.t, "sndcode", key) }

// Keys are all that it was sent so far, as events or by INFO.
func (p *Phone) Keys() string { return p.control.keys() }

// Hears waits until the last half second of the call is the tone of hz.
func (p *Phone) Hears(hz float64) {
	p.t.Helper()
	Await(p.t, fmt.Sprintf("%s hears %.0f Hz", p.Number, hz), patience, func() bool { return endsWith(p.SoFar(), hz) })
}

// HearsOther waits until the last half second of the call is sound, but not the tone of hz.
func (p *Phone) HearsOther(hz float64) {
	p.t.Helper()
	Await(p.t, fmt.Sprintf("%s hears something else than %.0f Hz", p.Number, hz), patience, func() bool {
		heard := p.SoFar()
		last := heard[max(0, len(heard)-rate/2):]
		return len(last) == rate/2 && LoudShare(last) == 1 && Share(last, hz) == 0
	})
}

// Encrypted is how its sound was encrypted, as it says itself.
func (p *Phone) Encrypted() string {
	p.t.Helper()
	switch {
	case p.Saw("DTLS-SRTP complete"):
		return DTLS.Way()
	case p.Saw("SRTP is Enabled"):
		return SDES.Way()
	}
	return Plain.Way()
}

// Saw says whether its log, which has all of its SIP, has that text.
func (p *Phone) Saw(text string) bool {
	p.t.Helper()
	log, err := os.ReadFile(filepath.Join(p.dir, "log"))
	if err != nil {
		p.t.Fatal(err)
	}
	return bytes.Contains(log, []byte(text))
}

// SoFar is what it heard in its last call until now, nil when there is none yet.
func (p *Phone) SoFar() []int16 {
	p.t.Helper()
	if now := p.recording(); now > p.before {
		return readWAV(p.t, now)
	}
	return nil
}

// recording is the file of its latest call, empty when there was none. Files are named by the second they began in.
func (p *Phone) recording() string {
	p.t.Helper()
	calls, err := filepath.Glob(filepath.Join(p.dir, "dump-*-dec.wav"))
	if err != nil {
		p.t.Fatal(err)
	}
	return slices.Max(append(calls, ""))
}

// tail is the end of a text, at most n bytes.
func tail(text []byte, n int) []byte { return text[max(0, len(text)-n):] }
