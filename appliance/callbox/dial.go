package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"callbox/appliance/sim"
)

const (
	// Two who call each other without further ado play different tones, so that each hears the other and not itself.
	callerTone, waiterTone = 440, 620
	// talkTime is how long a call that we placed lasts when nobody says.
	talkTime = 10 * time.Second
	// registerTime is how long the box may take to register us.
	registerTime = 10 * time.Second
	// keyPause is the time before the first key, and for each comma between keys.
	keyPause = time.Second
)

// dialing is a command line of dial.
type dialing struct {
	target, from, name, password string
	transport, listen            string
	codecs                       []string
	wait, register, debug        bool
	wav, press, record           string
	tones                        []int
	tonesSet                     bool
	length                       time.Duration
	lengthSet                    bool
}

func (a *app) dialCommand() *cobra.Command {
	var d dialing
	cmd := &cobra.Command{
		Use:   "dial ADDRESS",
		Short: "A small softphone, for trying things out",
		Long: `Calls an address such as sip:1002@127.0.0.1, plays a tone or a file, presses keys, and says what was heard.
With --wait it registers as the user of the address and answers the next call.

Ends with 0 when the call was answered. The password can be in CALLBOX_PASSWORD, where no list of processes shows it.`,
		Example: `  callbox dial 'sip:*43@127.0.0.1' --from 1001           the echo test
  callbox dial --wait sip:1002@127.0.0.1                 be 1002 and answer
  callbox dial sip:1002@127.0.0.1 --from 1001 --wav hello.wav --press 1,2# --record heard.wav`,
		Args: takes(1, 1, "one address, such as sip:1002@127.0.0.1"),
		RunE: func(cmd *cobra.Command, args []string) error {
			d.target = args[0]
			d.lengthSet = cmd.Flags().Changed("for")
			d.tonesSet = cmd.Flags().Changed("tone")
			return a.dial(cmd, d)
		},
	}
	f := cmd.Flags()
	f.StringVar(&d.from, "from", "", "our `number`, and the user that registers")
	f.StringVar(&d.name, "name", "", "our `name`, as the other sees it")
	f.StringVar(&d.password, "password", "", "the user's `password` (better in CALLBOX_PASSWORD)")
	f.BoolVar(&d.wait, "wait", false, "register as the address and answer the next call")
	f.BoolVar(&d.register, "register", false, "register before calling")
	f.StringVar(&d.transport, "transport", "udp", "udp, tcp or tls")
	f.StringVar(&d.listen, "listen", "", "our own `ip:port` (default: a free port on the way to the box)")
	f.StringSliceVar(&d.codecs, "codecs", nil, "`codecs` in order of preference (default pcma,pcmu)")
	f.StringVar(&d.wav, "wav", "", "play this `file`")
	f.IntSliceVar(&d.tones, "tone", nil, "play a tone of so many `Hz`, 0 for silence (default 440, with --wait 620)")
	f.StringVar(&d.press, "press", "", "press `keys` after the answer; a comma waits a second")
	f.StringVar(&d.record, "record", "", "write what was heard to this WAV `file`")
	f.DurationVar(&d.length, "for", talkTime, "hang up after this `duration`; 0: when the other does, as with --wait")
	f.BoolVar(&d.debug, "debug", false, "log what the phone does")
	return cmd
}

// conversation is one call of dial.
type conversation struct {
	a    *app
	cmd  *cobra.Command
	d    dialing
	call *sim.PhoneCall
}

func (a *app) dial(cmd *cobra.Command, d dialing) error {
	user, host, err := sim.SplitAddress(d.target)
	if err != nil {
		return usage(cmd, "%w", err)
	}
	if d.wait && d.from == "" {
		d.from = user
	}
	if d.password == "" {
		d.password, _ = a.env("CALLBOX_PASSWORD")
	}
	if strings.Trim(d.press, "0123456789*#ABCDabcd,") != "" {
		return usage(cmd, "--press %q: keys are 0 to 9, * and #; a comma waits a second", d.press)
	}
	record, err := openRecord(d.record)
	if err != nil {
		return err
	}
	defer record.Close()
	o := sim.PhoneOptions{Server: host, User: d.from, Name: d.name, Password: d.password, Transport: d.transport, Listen: d.listen, Codecs: d.codecs}
	if d.debug {
		o.Log = slog.New(a.logHandler(cmd.ErrOrStderr(), true))
	}
	phone, err := sim.NewPhone(o)
	if err != nil {
		return fail(err, "Look at the flags: callbox dial --help")
	}
	defer phone.Close()
	c := &conversation{a: a, cmd: cmd, d: d}
	if err := c.begin(phone); err != nil {
		return err
	}
	if err := c.talk(); err != nil {
		return err
	}
	if d.record != "" {
		if err := c.call.WriteHeard(record); err != nil {
			return fail(fmt.Errorf("%s: %w", d.record, err), "Name a file on a disk that has room")
		}
	}
	return c.report()
}

// openRecord makes the file first, so that a wrong name costs no call.
func openRecord(name string) (*os.File, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, fail(err, "Name a file that can be written")
	}
	return f, nil
}

// begin registers, and calls or waits to be called.
func (c *conversation) begin(phone *sim.Phone) error {
	ctx := c.cmd.Context()
	if c.d.wait || c.d.register {
		soon, cancel := context.WithTimeout(ctx, registerTime)
		defer cancel()
		if err := phone.Register(soon); err != nil {
			return fail(err, "Check the address, the user and the password; callbox phones shows who is registered")
		}
		c.say("registered as %s", c.d.from)
	}
	var err error
	if !c.d.wait {
		c.say("calling %s", c.d.target)
		if c.call, err = phone.Call(ctx, c.d.target); err != nil {
			return fail(err, "Check the address; callbox doctor looks for the usual causes")
		}
		return nil
	}
	c.say("waiting for a call; ctrl-C ends")
	if c.call, err = phone.Wait(ctx); err != nil {
		return fail(errors.New("nobody called"), "Call this phone: callbox dial %s --from NUMBER", c.d.target)
	}
	c.say("%s calls", c.call.Peer())
	if err := c.call.Answer(); err != nil {
		return fail(err, "Let both sides speak a codec in common")
	}
	return nil
}

// say prints a line for people who watch.
func (c *conversation) say(format string, args ...any) {
	if !c.a.json {
		fmt.Fprintf(c.cmd.OutOrStdout(), "%s  %s\n", c.a.now().Format("15:04:05"), clean(fmt.Sprintf(format, args...)))
	}
}

// talk follows the call to its end.
func (c *conversation) talk() error {
	var end, press <-chan time.Time
	keys := c.d.press
	for {
		select {
		case e, ok := <-c.call.Events():
			if !ok {
				return nil
			}
			if e.Kind != sim.PhoneAnswered {
				c.tell(e)
				continue
			}
			c.say("answered, %s", e.Text)
			length, err := c.play()
			if err != nil {
				c.call.Hangup()
				return err
			}
			if length > 0 {
				end = time.After(length)
			}
			if keys != "" {
				press = time.After(keyPause)
			}
		case <-press:
			var now string
			now, keys, _ = strings.Cut(keys, ",")
			if press = nil; keys != "" {
				press = time.After(keyPause)
			}
			if now != "" {
				c.say("pressing %s", now)
				c.call.Press(now)
			}
		case <-end:
			c.call.Hangup()
			end = nil
		case <-c.cmd.Context().Done():
			c.call.Hangup()
			<-c.call.Done()
			return nil
		}
	}
}

// tell prints what happened.
func (c *conversation) tell(e sim.PhoneEvent) {
	switch e.Kind {
	case sim.PhoneRinging:
		c.say("%s", orElse(strings.ToLower(e.Text), "ringing"))
	case sim.PhoneEarly:
		c.say("sound before the answer (%d)", e.Code)
	case sim.PhoneDigit:
		c.say("they pressed %s", e.Text)
	case sim.PhoneHeld:
		c.say("they put us on hold")
	case sim.PhoneResumed:
		c.say("they are back")
	}
}

// play starts what the other shall hear, and tells after how long we hang up; 0: not by ourselves.
func (c *conversation) play() (time.Duration, error) {
	length := c.d.length
	if c.d.wait && !c.d.lengthSet {
		length = 0
	}
	if c.d.wav != "" {
		f, err := os.Open(c.d.wav)
		if err != nil {
			return 0, fail(err, "Name a WAV file")
		}
		defer f.Close()
		plays, err := c.call.PlayWAV(f)
		if err != nil {
			return 0, fail(fmt.Errorf("%s: %w", c.d.wav, err), "Name a WAV file with PCM, A-law or µ-law sound")
		}
		if length > 0 && !c.d.lengthSet {
			length = max(length, plays+keyPause)
		}
		return length, nil
	}
	switch {
	case !c.d.tonesSet && c.d.wait:
		c.call.PlayTone(waiterTone)
	case !c.d.tonesSet:
		c.call.PlayTone(callerTone)
	case len(c.d.tones) == 1 && c.d.tones[0] == 0:
		c.call.PlayTone()
	default:
		var hz []float64
		for _, tone := range c.d.tones {
			hz = append(hz, float64(tone))
		}
		c.call.PlayTone(hz...)
	}
	return length, nil
}

// report says how it went. Not answered is a failure.
func (c *conversation) report() error {
	r := c.call.Result()
	heard := c.call.Heard()
	if !r.Answered {
		heard = c.call.Early()
	}
	tones := sim.HeardTones(heard)
	if c.a.json {
		facts := struct {
			sim.PhoneResult
			Peer  string `json:"peer"`
			Heard []int  `json:"heard_hz"`
		}{r, c.call.Peer(), append([]int{}, tones...)}
		if err := c.a.said(c.cmd, facts, ""); err != nil {
			return err
		}
	}
	by := map[string]string{"us": "we hung up", "them": "they hung up"}[r.By]
	switch {
	case r.Answered:
		c.say("ended after %.1fs, %s; heard %s", r.Seconds, by, inWords(tones, heard))
		c.say("%s: MOS %s, %d packets in, %d lost, jitter %.1f ms", r.Codec, orElse(mos(r.MOS), "unknown"), r.PacketsIn, r.Lost, r.JitterMS)
		return nil
	case len(heard) > 0:
		c.say("heard %s", inWords(tones, heard))
	}
	return fail(errors.New(strings.TrimSpace(fmt.Sprintf("not answered: %d %s", r.Code, r.Reason))), "%s", remedy(r.Code))
}

// inWords says what was heard.
func inWords(tones []int, pcm []int16) string {
	switch {
	case sim.Silent(pcm):
		return "nothing"
	case len(tones) == 0:
		return "sound"
	}
	text := strconv.Itoa(tones[0])
	for i, hz := range tones[1:] {
		text += map[bool]string{true: " and ", false: ", "}[i == len(tones)-2] + strconv.Itoa(hz)
	}
	return text + " Hz"
}

// remedy is what to do about a refusal.
func remedy(code int) string {
	switch code {
	case 401, 403, 407:
		return "Name a user with --from and its password with --password, or one who may call that number"
	case 404:
		return "That number is not in use: callbox phones lists the extensions"
	case 408, 503:
		return "Check that a box listens there: callbox status"
	case 480:
		return "No phone is registered there: callbox phones lists them"
	case 486, 600:
		return "It is busy: try again later"
	case 487:
		return "Nobody answered before the call was given up"
	case 488:
		return "There is no codec in common: try another with --codecs"
	}
	return "callbox calls --past shows why, seen from the box"
}
