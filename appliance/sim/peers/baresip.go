package peers

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
}

// PhoneOptions is what is set at a phone.
type PhoneOptions struct {
	Server    string  // host:port of its registrar
	Transport string  // udp, tcp or tls
	Number    string  // its extension
	Password  string  // wrong ones are welcome
	Hz        float64 // what it says, once it talks
	Auto      bool    // picks up by itself
	Silent    bool    // never registers; Dial takes whole URIs
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
		"config":   phoneConfig(p.dir, first),
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

func phoneConfig(dir string, first int) string {
	return fmt.Sprintf(`poll_method epoll
sip_listen 127.0.0.1:%[2]d
net_interface 127.0.0.1
call_local_timeout 120
call_max_calls 4
audio_source aufile,%[1]s/tone.wav
audio_player aubridge,nobody
audio_alert aubridge,nobody
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_buffer 20-160
rtp_ports %[4]d-%[5]d
statmode_default off
module_path /usr/lib/baresip/modules
module g711.so
module sndfile.so
module aufile.so
module aubridge.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:%[3]d
snd_path %[1]s
`, dir, first, first+2, first+4, first+15)
}

func phoneAccount(o PhoneOptions) string {
	answer, register := "manual", 300
	if o.Auto {
		answer = "auto"
	}
	if o.Silent {
		register = 0
	}
	return fmt.Sprintf("<sip:%s@%s;transport=%s>;auth_pass=%s;regint=%d;answermode=%s;audio_codecs=pcma,pcmu",
		o.Number, o.Server, o.Transport, o.Password, register, answer)
}

// Event waits for the next of these events, at most ten seconds.
func (p *Phone) Event(types ...string) Event {
	p.t.Helper()
	return p.control.await(p.t, p.Number, 10*time.Second, types...)
}

// Address is where its SIP arrives, host:port.
func (p *Phone) Address() string { return fmt.Sprintf("127.0.0.1:%d", p.port) }

// Dial calls a number, or a URI.
func (p *Phone) Dial(number string) { p.t.Helper(); p.control.command(p.t, "dial", number) }

// Answer picks up the call that rings.
func (p *Phone) Answer() { p.t.Helper(); p.control.command(p.t, "accept", "") }

// HangUp ends the call, or declines the one that rings.
func (p *Phone) HangUp() { p.t.Helper(); p.control.command(p.t, "hangup", "") }

// Hold puts the other party on hold, Resume takes it back.
func (p *Phone) Hold()   { p.t.Helper(); p.control.command(p.t, "hold", "") }
func (p *Phone) Resume() { p.t.Helper(); p.control.command(p.t, "resume", "") }

// Heard is what the phone heard in its last call. It is complete once the call is closed.
func (p *Phone) Heard() []int16 {
	p.t.Helper()
	calls, err := filepath.Glob(filepath.Join(p.dir, "dump-*-dec.wav"))
	if err != nil || len(calls) == 0 {
		p.t.Fatalf("phone %s recorded no call", p.Number)
	}
	slices.Sort(calls) // named by the second they began in
	return readWAV(p.t, calls[len(calls)-1])
}

// tail is the end of a text, at most n bytes.
func tail(text []byte, n int) []byte { return text[max(0, len(text)-n):] }
