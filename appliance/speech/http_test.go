package speech

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"callbox/hcl"
)

const token = hcl.Secret("planted-token")

// service is an engine behind HTTP on loopback.
func service(t *testing.T, answer http.HandlerFunc) Settings {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return Settings{Engine: EngineHTTP, URL: server.URL, Token: token, Voices: map[string]string{"en": "amy", "zh-Hant": "mei"}}
}

func TestAServiceSpeaks(t *testing.T) {
	var asked map[string]any
	var bearer, path string
	tone := wav(t, 500, 1000)
	settings := service(t, func(w http.ResponseWriter, r *http.Request) {
		bearer, path = r.Header.Get("Authorization"), r.URL.Path
		_ = json.NewDecoder(r.Body).Decode(&asked)
		_, _ = w.Write(tone)
	})
	settings.Speed = 1.25
	sound, err := speaking(t, opened(t, CacheOptions{}), settings).Say(soon(t), Utterance{Language: "zh-Hant", Text: "您好"})
	if err != nil || sound.Duration() < time.Second || sound.Duration() > 1300*time.Millisecond {
		t.Fatalf("%v, %v", sound, err)
	}
	text, _ := json.Marshal(asked)
	if want := `{"input":"您好","model":"tts-1","response_format":"wav","speed":1.25,"voice":"mei"}`; string(text) != want {
		t.Errorf("asked %s, want %s", text, want)
	}
	if bearer != "Bearer planted-token" || path != "/v1/audio/speech" {
		t.Errorf("asked %s with %q", path, bearer)
	}
}

func TestAServiceThatFailsTellsTheOperatorWhatToDo(t *testing.T) {
	refuses := func(code int, words string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, words, code) }
	}
	closing := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5000")
		_, _ = w.Write([]byte("RIFF"))
		panic(http.ErrAbortHandler)
	}
	endless := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	}
	for name, c := range map[string]struct {
		answer       http.HandlerFunc
		what, remedy string
	}{
		"its own failure": {refuses(500, "out of\nmemory"), "answered 500 (Internal Server Error), saying: out of memory", "see why in its log"},
		"a wrong token":   {refuses(401, "planted-token is wrong"), "answered 401 (Unauthorized), saying: •••• is wrong", "callbox secret set"},
		"a wrong address": {refuses(404, ""), "answered 404 (Not Found)", "usually ends in /v1/audio/speech"},
		"too many":        {refuses(429, ""), "answered 429", "higher limit"},
		"a wrong voice":   {refuses(400, `{"error":"no voice amy"}`), `saying: {"error":"no voice amy"}`, "correct voices, url and model"},
		"somewhere else": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}, "answered 307", "redirects are not followed"},
		"a page, not sound":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, "gave what cannot be played", "have it write WAV"},
		"an answer cut off":  {closing, "ended the connection before its answer was whole", "see why in its log"},
		"an endless answer":  {endless, "sent more than 32 MB for one text", "another service"},
		"no answer but this": {refuses(204, ""), "answered 204", "correct voices"},
	} {
		_, err := speaking(t, opened(t, CacheOptions{}), service(t, c.answer)).Say(soon(t), Utterance{Language: "en", Text: "the policy of Chen"})
		if err == nil || !strings.Contains(err.Error(), c.what) || !strings.Contains(err.Error(), c.remedy) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), token.Reveal()) || strings.Contains(err.Error(), "Chen") {
			t.Errorf("%s: tells what it must not: %v", name, err)
		}
	}
}

func TestAServiceThatIsNotThereOrHasNoVoice(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	settings := Settings{Engine: EngineHTTP, URL: "http://" + gone.Addr().String() + "/speak?key=planted-token", Voices: map[string]string{"en": "amy"}}
	s := speaking(t, opened(t, CacheOptions{}), settings)
	_, err = s.Say(soon(t), Utterance{Language: "en", Text: "hello"})
	if err == nil || !strings.Contains(err.Error(), "cannot be reached (") || !strings.Contains(err.Error(), "start it, or correct the url") || strings.Contains(err.Error(), "planted") {
		t.Errorf("one that is not there: %v", err)
	}
	_, err = s.Say(soon(t), Utterance{Language: "fr", Text: "bonjour"})
	if err == nil || !strings.Contains(err.Error(), `has no voice for "fr": give it the name of one with voices in the tts block`) {
		t.Errorf("one without a voice: %v", err)
	}
}

// The limit is shortened here by the context of the rendering; what it says is the same.
func TestAServiceThatNeverAnswersIsNotWaitedFor(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"no word": func(_ http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body); <-r.Context().Done() },
		"half a sound": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			_, _ = io.WriteString(w, "RIFF")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		settings, err := service(t, answer).check()
		if err != nil {
			t.Fatal(err)
		}
		c := opened(t, CacheOptions{})
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		_, err = settings.render(ctx, c.client, Utterance{Language: "en", Text: "hello"})
		cancel()
		if err == nil || !strings.Contains(err.Error(), "did not answer in time: see whether it is overloaded") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
