package speech

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// request is what services of this kind understand.
type request struct {
	Model  string  `json:"model"`
	Voice  string  `json:"voice"`
	Input  string  `json:"input"`
	Format string  `json:"response_format"`
	Speed  float64 `json:"speed,omitempty"`
}

// newClient makes what speaks with services. It keeps connections, so that a second text does not wait for another handshake.
// It does not follow redirects: a token and what callers hear go to the address that was written, or nowhere.
func newClient() *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: renderings, IdleConnTimeout: 30 * time.Second,
			MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
		},
	}
}

// ask has a service speak.
func (s Settings) ask(ctx context.Context, client *http.Client, u Utterance) ([]byte, error) {
	at, err := url.Parse(s.URL)
	if err != nil {
		return nil, err // check has parsed it before
	}
	name := "the service at " + at.Host
	voice := s.voice(u.Language)
	if voice == "" {
		return nil, voiceless(name, u.Language, "the name of one")
	}
	body := request{Model: s.Model, Voice: voice, Input: u.Text, Format: "wav"}
	if s.speed() != 1 {
		body.Speed = s.speed()
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "audio/wav")
	if s.Token != "" {
		r.Header.Set("Authorization", "Bearer "+s.Token.Reveal())
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, unreachable(ctx, name, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, s.refused(name, answer)
	}
	sound, err := io.ReadAll(io.LimitReader(answer.Body, mostOutput+1))
	switch {
	case err != nil:
		return nil, unreachable(ctx, name, err)
	case len(sound) > mostOutput:
		return nil, &Fault{What: fmt.Sprintf("%s sent more than %d MB for one text", name, mostOutput>>20), Remedy: "name another service in the tts block", err: errHuge}
	}
	return sound, nil
}

func unreachable(ctx context.Context, name string, err error) error {
	var ask *url.Error
	if errors.As(err, &ask) { // its text has the whole address, which may hold a key
		err = ask.Err
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, context.DeadlineExceeded):
		return &Fault{What: name + " did not answer in time", Remedy: "see whether it is overloaded, or name another in the tts block", err: cause}
	case cause != nil:
		return cause
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return &Fault{What: name + " ended the connection before its answer was whole", Remedy: "see why in its log", err: err}
	}
	return &Fault{What: fmt.Sprintf("%s cannot be reached (%s)", name, oneLine(err.Error())), Remedy: "start it, or correct the url of the tts block", err: err}
}

// refused says what a status means to whoever runs the box. The service's own words help most; what it repeats of the token
// does not.
func (s Settings) refused(name string, answer *http.Response) error {
	words, _ := io.ReadAll(io.LimitReader(answer.Body, mostExcuses)) // as far as they came
	f := &Fault{What: fmt.Sprintf("%s answered %d (%s)", name, answer.StatusCode, cmp.Or(http.StatusText(answer.StatusCode), "unknown"))}
	excuse := string(words)
	if s.Token != "" {
		excuse = strings.ReplaceAll(excuse, s.Token.Reveal(), s.Token.String())
	}
	if excuse = oneLine(excuse); excuse != "" {
		f.What += ", saying: " + excuse
	}
	switch code := answer.StatusCode; {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		f.Remedy = "correct the token of the tts block: callbox secret set"
	case code == http.StatusNotFound || code == http.StatusMethodNotAllowed:
		f.Remedy = "correct the url of the tts block: it usually ends in /v1/audio/speech"
	case code == http.StatusTooManyRequests:
		f.Remedy = "ask its provider for a higher limit, or wait"
	case code >= 300 && code < 400:
		f.Remedy = "redirects are not followed: write the address it names into the url of the tts block"
	case code >= 500:
		f.Remedy = "see why in its log"
	default:
		f.Remedy = "correct voices, url and model in the tts block"
	}
	return f
}
