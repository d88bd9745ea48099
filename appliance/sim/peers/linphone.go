package peers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Linphone is one linphonec, the softphone's console: it sends its own tone and records what it hears. It is a Party.
type Linphone struct {
	Number string

	t      testing.TB
	dir    string
	server string
	orders *os.File
	group  int // samples that its recording has in the time of one at 8 kHz
	read   int // bytes of its log that were waited for already
}

// LinphoneOptions is what is set at one.
type LinphoneOptions struct {
	Server     string // host:port of its registrar
	Transport  string // udp, tcp or tls
	Number     string
	Password   string
	Hz         float64
	Codec      string
	Encryption Encryption
	Info       bool // it sends keys by INFO, not as events
}

// NewLinphone starts one and waits until it has registered.
func NewLinphone(t testing.TB, o LinphoneOptions) *Linphone {
	t.Helper()
	p := &Linphone{Number: o.Number, t: t, dir: t.TempDir(), server: o.Server, group: linphoneRates[o.Codec] / rate}
	// Without a place for its database it says that it is ready and then fails every call.
	if err := os.MkdirAll(filepath.Join(p.dir, ".local", "share", "linphone"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeWAV(t, filepath.Join(p.dir, "tone.wav"), Tone(o.Hz, 60*time.Second))
	if err := os.WriteFile(filepath.Join(p.dir, "rc"), []byte(linphoneConfig(o, p.dir, Ports(t, 16))), 0o600); err != nil {
		t.Fatal(err)
	}
	in, orders, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	p.orders = orders
	t.Cleanup(func() { orders.Close() })
	startFed(t, in, filepath.Join(p.dir, "said"), p.dir, "env", "HOME="+p.dir, "XDG_DATA_HOME="+p.dir+"/.local/share",
		"linphonec", "-c", filepath.Join(p.dir, "rc"), "-d", "5", "-l", filepath.Join(p.dir, "log"))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("linphone %s said:\n%s\nits log:\n%s", o.Number, tail([]byte(p.text("said")), 2000), tail([]byte(p.text("log")), 12000))
		}
	})
	p.order("soundcard use files")
	p.order("play " + filepath.Join(p.dir, "tone.wav"))
	p.order("record " + filepath.Join(p.dir, "heard.wav"))
	p.await("to [LinphoneRegistrationOk]")
	return p
}

// linphoneCodecs are all that it would turn on by itself, or that we want.
var linphoneCodecs = []struct{ name, mime string }{
	{"opus", "opus/48000/2"}, {"", "speex/16000/1"}, {"", "speex/8000/1"}, {"pcmu", "PCMU/8000/1"}, {"pcma", "PCMA/8000/1"},
	{"", "GSM/8000/1"}, {"g722", "G722/8000/1"}, {"", "G729/8000/1"}, {"", "speex/32000/1"},
}

// linphoneRates are the samples a second with which it records; before the call is over the file does not say.
var linphoneRates = map[string]int{"pcmu": 8000, "pcma": 8000, "g722": 16000, "opus": 48000}

var linphoneWays = map[Encryption]string{Plain: "none", SDES: "srtp", SDESOnly: "srtp", DTLS: "dtls"}

func linphoneConfig(o LinphoneOptions, dir string, first int) string {
	mandatory := 0
	if o.Encryption == SDESOnly || o.Encryption == DTLS { // else it would take plain sound where DTLS is not offered first
		mandatory = 1
	}
	info, events := 0, 1
	if o.Info {
		info, events = 1, 0
	}
	ports := map[string]int{"udp": 0, "tcp": 0, "tls": 0} // 0: not at all
	ports[o.Transport] = first
	var b strings.Builder
	fmt.Fprintf(&b, `[sip]
sip_port=%d
sip_tcp_port=%d
sip_tls_port=%d
use_ipv6=0
verify_server_certs=0
verify_server_cn=0
default_proxy=0
media_encryption=%s
media_encryption_mandatory=%d
use_info=%d
use_rfc2833=%d
[proxy_0]
reg_proxy=<sip:%s;transport=%s>
reg_identity=<sip:%s@%s>
reg_expires=300
reg_sendregister=1
publish=0
[auth_info_0]
username=%[10]s
passwd=%[12]s
realm=callbox
[rtp]
audio_rtp_port=%[13]d-%[14]d
[sound]
echocancellation=0
[misc]
user_certificates_path=%[15]s
`, ports["udp"], ports["tcp"], ports["tls"], linphoneWays[o.Encryption], mandatory, info, events, o.Server, o.Transport,
		o.Number, strings.Split(o.Server, ":")[0], o.Password, first+4, first+15, dir)
	for i, c := range linphoneCodecs {
		f := strings.Split(c.mime, "/")
		enabled := 0
		if c.name == o.Codec {
			enabled = 1
		}
		fmt.Fprintf(&b, "[audio_codec_%d]\nmime=%s\nrate=%s\nchannels=%s\nenabled=%d\n", i, f[0], f[1], f[2], enabled)
	}
	return b.String()
}

func (p *Linphone) order(line string) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.orders, line); err != nil {
		p.t.Fatalf("linphone %s does not take %q: %v", p.Number, line, err)
	}
}

func (p *Linphone) text(name string) string {
	text, _ := os.ReadFile(filepath.Join(p.dir, name)) // not there yet: nothing said yet
	return string(text)
}

// await waits until its log has words that it did not have when they were last waited for.
func (p *Linphone) await(words string) {
	p.t.Helper()
	Await(p.t, fmt.Sprintf("linphone %s is %s", p.Number, words), patience, func() bool {
		at := strings.Index(p.text("log")[p.read:], words)
		if at >= 0 {
			p.read += at + len(words)
		}
		return at >= 0
	})
}

// Dial calls a number.
func (p *Linphone) Dial(number string) {
	p.t.Helper()
	p.order("call sip:" + number + "@" + p.server)
}

// Rings waits until a call rings.
func (p *Linphone) Rings() { p.t.Helper(); p.await("to LinphoneCallIncomingReceived") }

// Answer picks up.
func (p *Linphone) Answer() { p.t.Helper(); p.order("answer") }

// Talks waits until a call is answered.
func (p *Linphone) Talks() { p.t.Helper(); p.await("to LinphoneCallStreamsRunning") }

// HangUp ends the call.
func (p *Linphone) HangUp() { p.t.Helper(); p.order("terminate") }

// Ends waits until the call is over.
func (p *Linphone) Ends() { p.t.Helper(); p.await("to LinphoneCallEnd") }

// Saw says whether its log, which has all of its SIP, has that text.
func (p *Linphone) Saw(text string) bool { return strings.Contains(p.text("log"), text) }

// Press presses a key.
func (p *Linphone) Press(key string) { p.t.Helper(); p.order(key) }

// Keys are all that it was sent so far.
func (p *Linphone) Keys() string {
	var keys strings.Builder
	for _, after := range strings.Split(p.text("said"), "Receiving tone ")[1:] {
		keys.WriteString(after[:1])
	}
	return keys.String()
}

// Hears waits until the last half second of the call is the tone of hz.
func (p *Linphone) Hears(hz float64) {
	p.t.Helper()
	Await(p.t, fmt.Sprintf("linphone %s hears %.0f Hz", p.Number, hz), patience, func() bool {
		const header = 44 // which it writes last
		file := p.text("heard.wav")
		return len(file) > header && endsWith(narrow([]byte(file[header:]), p.group), hz)
	})
}

// Encrypted is how its sound was encrypted, as it says itself.
func (p *Linphone) Encrypted() string {
	p.t.Helper()
	log := p.text("log")
	_, way, _ := strings.Cut(log[max(0, strings.LastIndex(log, "Negotiated media encryption is")):], "LinphoneMediaEncryption")
	way, _, _ = strings.Cut(way, "\n")
	switch {
	case way == "None":
		return Plain.Way()
	case way == "SRTP" && strings.Contains(log, "media_stream_set_srtp_recv_key"):
		return SDES.Way()
	case way == "DTLS" && strings.Contains(log, "DTLS Handshake on RTP channel successful"):
		return DTLS.Way()
	}
	return "nothing that we know: " + way
}
