package record

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"callbox/appliance/journal"
	"callbox/appliance/store"
	"callbox/hcl"
)

// letter is one message on its way to one address.
type letter struct {
	ID      string    `json:"id"` // a ULID; letters go out in its order
	Message string    `json:"message"`
	To      string    `json:"to"`
	Written time.Time `json:"written"`
	Next    time.Time `json:"next"` // not before
	Tries   int       `json:"tries,omitempty"`
	Bare    bool      `json:"bare,omitempty"` // without the sound: the server found it too large
}

// Bounds of the outbox.
const (
	maxLetters = 1000
	maxAge     = 3 * 24 * time.Hour
	maxSound   = 14 << 20 // bytes of sound that are attached: 15 minutes, 19 MB as mail
	firstPause = time.Minute
	mostPause  = time.Hour
)

// letters are what a message's box sends out, as operations on the outbox.
func (b *Boxes) letters(cfg *hcl.Config, m Message) (ops []store.Op) {
	if cfg == nil {
		return nil
	}
	v, ok := boxOf(cfg, m.Box)
	if !ok || len(v.MailTo) == 0 {
		return nil
	}
	if cfg.SMTP == nil {
		b.log.Warn("voicemail: a message is not mailed because there is no smtp block", "voicemail", m.Box, "message", m.ID)
		return nil
	}
	now := b.o.Now()
	for _, to := range v.MailTo {
		if b.post.waiting.Add(1) > maxLetters {
			b.post.waiting.Add(-1)
			b.stats.unsent.Add(1)
			b.log.Error("voicemail: a message is not mailed because too many wait for the mail server", "voicemail", m.Box, "message", m.ID, "to", to)
			continue
		}
		l := letter{ID: journal.NewID(now), Message: m.ID, To: to, Written: now, Next: now}
		ops = append(ops, b.outbox.PutOp(l.ID, l))
	}
	return ops
}

// pause is how long to wait after so many tries in a row that came to nothing.
func pause(tries int) time.Duration {
	d := firstPause
	for range min(tries, 10) - 1 {
		d = min(2*d, mostPause)
	}
	return d
}

// words are what mails say, by family of languages. The places are number, box, time and length.
type words struct{ subject, hidden, body, bare, forwarded string }

var mailWords = map[string]words{
	"en": {
		"Voicemail from %s for %s", "an unknown number",
		"A message for %[2]s from %[1]s.\nLeft: %[3]s\nLength: %[4]s\n", "It is too long to be attached; it can be heard in the mailbox.\n",
		"Passed on from: %s\n",
	},
	"zh-Hans": {
		"%[2]s 收到 %[1]s 的留言", "未显示的号码",
		"%[2]s 收到来自 %[1]s 的留言。\n时间：%[3]s\n长度：%[4]s\n", "留言太长，无法附上，请拨打信箱收听。\n",
		"转发自：%s\n",
	},
	"zh-Hant": {
		"%[2]s 收到 %[1]s 的留言", "未顯示的號碼",
		"%[2]s 收到來自 %[1]s 的留言。\n時間：%[3]s\n長度：%[4]s\n", "留言太長，無法附上，請撥打信箱聽取。\n",
		"轉寄自：%s\n",
	},
}

// wordsOf are the words of a language, else English ones.
func wordsOf(language string) words {
	tag := strings.ToLower(language)
	switch {
	case strings.HasPrefix(tag, "zh-hant"), strings.HasPrefix(tag, "zh-tw"), strings.HasPrefix(tag, "zh-hk"), strings.HasPrefix(tag, "zh-mo"):
		return mailWords["zh-Hant"]
	case tag == "zh", strings.HasPrefix(tag, "zh-"):
		return mailWords["zh-Hans"]
	}
	return mailWords["en"]
}

// content is a mail before it is one.
type content struct{ subject, body, file string }

// compose says what a mail about a message says, in the box's language and by its clock.
func compose(cfg *hcl.Config, m Message, bare bool) content {
	language, zone := "en", time.UTC
	if l := cfg.Appliance.Languages; len(l) > 0 {
		language = l[0]
	}
	if z := cfg.Appliance.Timezone; z != nil {
		zone = z
	}
	w, left := wordsOf(language), m.Left.In(zone)
	from := plain(m.From, 64)
	if name := plain(m.Name, 100); name != "" && from != "" {
		from = name + " (" + from + ")"
	} else if from == "" {
		from = w.hidden
	}
	length := m.Length.Round(time.Second)
	long := fmt.Sprintf("%d:%02d", length/time.Minute, length%time.Minute/time.Second)
	c := content{
		subject: fmt.Sprintf(w.subject, from, m.Box),
		body:    fmt.Sprintf(w.body, from, m.Box, left.Format("2006-01-02 15:04:05 -07:00"), long),
		file:    "voicemail-" + left.Format("20060102-150405") + fileNumber(m.From) + soundSuffix,
	}
	if m.Forwarded != "" {
		c.body += fmt.Sprintf(w.forwarded, m.Forwarded)
	}
	if bare {
		c.body += w.bare
	}
	return c
}

// plain makes text of what a stranger chose: one line without control characters, and not too long.
func plain(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "=?", "= ?") // no word of RFC 2047, which would be read as another
	if r := []rune(s); len(r) > most {
		s = string(r[:most])
	}
	return s
}

// fileNumber is a number as a file's name can have it.
func fileNumber(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
	if digits == "" {
		return ""
	}
	return "-" + digits[:min(len(digits), 20)]
}
