package floor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"callbox/appliance/call"
	"callbox/appliance/journal"
	"callbox/hcl"
	"callbox/lua"
)

// services are what plugins reach of the box and of the world: all in memory, and answers from the test.
type services struct {
	w         *World
	kv        *lua.MemoryKV
	mocks     []mock
	customers []map[string]any
	tickets   []map[string]any
	sms, mail []sent
	written   map[string]time.Time // tickets by id: when they were opened or changed last
}

// sent is a message that went out.
type sent struct {
	at   time.Time
	what map[string]any
}

// mock is an http block and how often it has answered.
type mock struct {
	hcl.TestHTTP
	used int
}

func newServices(w *World) *services {
	return &services{w: w, kv: lua.NewMemoryKV(w.clock), written: map[string]time.Time{}}
}

// begin fills in what a test says is there.
func (s *services) begin(t *hcl.Test) {
	for _, h := range t.HTTP {
		s.mocks = append(s.mocks, mock{TestHTTP: h})
	}
	for i, c := range t.Customer {
		s.customers = append(s.customers, map[string]any{
			"id": fmt.Sprint(i + 1), "number": c.Number, "name": c.Name, "fields": fieldsOf(c.Fields), "tags": tagsOf(c.Tags),
		})
	}
}

func fieldsOf(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

func tagsOf(tags []string) []any {
	all := []any{}
	for _, t := range tags {
		all = append(all, t)
	}
	return all
}

// caller is the customer whom a number belongs to.
func (s *services) caller(number string) hcl.CallerScope {
	for _, c := range s.customers {
		if known, _ := c["number"].(string); sameNumber(known, number, s.w.cfg.Appliance.Country) {
			scope := hcl.CallerScope{Found: true, Number: known}
			scope.Name, _ = c["name"].(string)
			scope.Fields, _ = c["fields"].(map[string]any)
			tags, _ := c["tags"].([]any)
			for _, t := range tags {
				scope.Tags = append(scope.Tags, fmt.Sprint(t))
			}
			return scope
		}
	}
	return hcl.CallerScope{Number: number}
}

// errNoMock is a request that the test does not answer.
type errNoMock struct{ method, url string }

func (e errNoMock) Error() string {
	return fmt.Sprintf("a plugin asked %s %s, and no http block answers that; add one before the first step", e.method, e.url)
}

// http answers a plugin's request as the test says. The time it takes passes on the virtual clock, and counts against the
// function's limit.
func (s *services) http(ctx context.Context, plugin string, r lua.HTTPRequest) (lua.HTTPResponse, error) {
	i := slices.IndexFunc(s.mocks, func(m mock) bool {
		return m.Matches(r.Method, r.URL) && (m.Times == 0 || m.used < m.Times)
	})
	at := errandOf(ctx)
	if at == nil { // a hook, which nobody gave a time
		at = &errand{co: s.w.running, ctx: s.w.ctx, left: forever, cancel: func(error) {}}
	}
	if i < 0 {
		err := errNoMock{r.Method, r.URL}
		s.w.fail(err)
		return lua.HTTPResponse{}, err
	}
	s.mocks[i].used++
	m := s.mocks[i].TestHTTP
	took, timeout := m.Delay, r.Timeout
	if timeout == 0 {
		timeout = forever
	}
	late := m.Fail == "timeout" || took >= timeout
	if late {
		took = timeout
	}
	s.w.note(at.line(), "plugin "+plugin+" asks "+r.Method+" "+r.URL)
	switch {
	case !at.pass(took): // the function's own time was over first
		return lua.HTTPResponse{}, context.DeadlineExceeded
	case late:
		s.w.note(at.line(), "no answer came in time")
		return lua.HTTPResponse{}, context.DeadlineExceeded
	case m.Fail == "refused":
		s.w.note(at.line(), "the connection was refused")
		return lua.HTTPResponse{}, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	s.w.note(at.line(), "the answer is "+strconv.Itoa(m.Status))
	return answerOf(m)
}

// answerOf is the answer of a mock.
func answerOf(m hcl.TestHTTP) (lua.HTTPResponse, error) {
	a := lua.HTTPResponse{Status: m.Status, Header: map[string]string{}, Body: []byte(m.Body)}
	if m.JSON != nil {
		raw, err := json.Marshal(m.JSON)
		if err != nil {
			return a, err
		}
		a.Body, a.Header["content-type"] = raw, "application/json"
	}
	for name, value := range m.Headers {
		a.Header[strings.ToLower(name)] = value
	}
	return a, nil
}

// errand is the run of a plugin's function: how much of its time is left on the virtual clock.
type errand struct {
	co     *coroutine
	l      *line
	ctx    context.Context // of the call
	left   time.Duration
	cancel context.CancelCauseFunc
}

type errandKey struct{}

// errLate is why a function ends whose time is over.
var errLate = errors.New("the function's time is over")

// usualLimit is how long a function may take that no limit is set for.
const usualLimit = 2 * time.Second

// errand begins the run of a function of a plugin: its time passes on the virtual clock.
func (w *World) errand(ctx context.Context, c *call.Call, limit time.Duration) (context.Context, func(error) error) {
	return w.errandFor(ctx, w.calls[c.ID], limit)
}

func (w *World) errandFor(ctx context.Context, l *line, limit time.Duration) (context.Context, func(error) error) {
	limit = cmp.Or(limit, usualLimit)
	e := &errand{co: w.running, l: l, ctx: ctx, left: limit}
	inner, cancel := context.WithCancelCause(context.WithValue(ctx, errandKey{}, e))
	e.cancel = cancel
	return inner, func(err error) error {
		cancel(nil)
		if errors.Is(err, errLate) && ctx.Err() == nil {
			return fmt.Errorf("it took longer than its limit of %v", limit)
		}
		return err
	}
}

func errandOf(ctx context.Context) *errand {
	e, _ := ctx.Value(errandKey{}).(*errand)
	return e
}

func (e *errand) line() *line {
	if e == nil {
		return nil
	}
	return e.l
}

// pass lets time pass while a function waits; false: its own is over.
func (e *errand) pass(d time.Duration) bool {
	if e == nil || e.co == nil {
		return true
	}
	s, until := e.co.s, e.co.s.now.Add(min(d, e.left))
	for e.ctx.Err() == nil && s.now.Before(until) {
		e.co.park(e.ctx, until.Sub(s.now))
	}
	if e.left -= d; e.left <= 0 {
		e.cancel(errLate)
		return false
	}
	return e.ctx.Err() == nil
}

// sendSMS keeps a short message that was sent.
func (s *services) sendSMS(ctx context.Context, to, text string) error {
	s.sms = append(s.sms, sent{s.w.now, map[string]any{"to": to, "text": text}})
	s.w.note(errandOf(ctx).line(), "a short message goes to "+to+": "+strconv.Quote(text))
	return nil
}

// sendMail keeps a mail that was sent.
func (s *services) sendMail(l *line, to []string, subject, text string) {
	all := []any{}
	for _, address := range to {
		all = append(all, address)
	}
	m := map[string]any{"to": any(all), "subject": subject, "text": text}
	if len(to) == 1 {
		m["to"] = to[0]
	}
	s.mail = append(s.mail, sent{s.w.now, m})
	s.w.note(l, "mail goes to "+strings.Join(to, ", ")+": "+strconv.Quote(subject))
}

// queue gives what the language calls queue.NAME.
func (s *services) queue(name string) (map[string]any, bool) {
	q, ok := s.w.desk.scope(name)
	if !ok {
		return nil, false
	}
	known := func(d time.Duration) any {
		if d < 0 {
			return nil
		}
		return d.Seconds()
	}
	return map[string]any{
		"waiting": q.Waiting, "longest_wait": known(q.LongestWait), "expected_wait": known(q.ExpectedWait), "ready": q.Ready,
		"talking": q.Talking, "logged_in": q.LoggedIn, "service_level": q.ServiceLevel,
	}, true
}

// mailed keeps the mails that a box's owners get of a message.
func (w *World) mailed(left journal.VoicemailLeft) {
	v := w.cfg.Voicemails[left.Box]
	if v == nil || w.cfg.SMTP == nil {
		return
	}
	for _, to := range v.MailTo {
		w.services.sendMail(nil, []string{to}, "Voicemail for "+left.Box, "From "+left.From)
	}
}
