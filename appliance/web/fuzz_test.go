package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"callbox/appliance/journal"
)

// FuzzControl asks the control socket for anything: it is answered with JSON or with a problem that is the asker's, and
// nothing is done of which it was not sure.
func FuzzControl(f *testing.F) {
	for _, r := range [][3]string{
		{"GET", "/v1/calls/past?last=5&from=2026-03-02T12:00:00Z&to=2026-03-03&call=x", ""}, {"GET", "/v1/calls/past?last=-1&last=99999999999999999999", ""},
		{"DELETE", "/v1/blocks/192.0.2.1", ""}, {"DELETE", "/v1/blocks/%2e%2e%2f", ""}, {"POST", "/v1/rollback", `{"generation": 3}`},
		{"POST", "/v1/rollback", `{"generation": 1e400, "Generation": null}`}, {"POST", "/v1/rollback", `{"generation": 1} {}`}, {"PUT", "/v1/secrets/pstn", `{"value": "x"}`},
		{"PUT", "/v1/secrets/a%2Fb", `{"value": ""}`}, {"POST", "/v1/plan", "not a tar"}, {"GET", "/healthz", ""}, {"GET", "/metrics?x=%00", ""}, {"PATCH", "//v1/../status", ""},
	} {
		f.Add(r[0], r[1], []byte(r[2]))
	}
	f.Fuzz(func(t *testing.T, method, target string, body []byte) {
		box := &fakeBox{past: []journal.CDR{{ID: "a"}}, applyErr: errors.New("it was applied")}
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" {
			return
		}
		r, err := http.NewRequest(method, "http://box", bytes.NewReader(body))
		if err != nil {
			return
		}
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = u.Path, u.RawPath, u.RawQuery
		w := httptest.NewRecorder()
		New(box, Options{}).controlRoutes().ServeHTTP(w, r)
		kind := w.Header().Get("Content-Type")
		switch {
		case w.Code >= 500 && u.Path != "/v1/apply":
			t.Fatalf("%s %s: %d %s", method, target, w.Code, w.Body)
		case w.Code >= 400 && kind != "application/problem+json" && method != "HEAD" && w.Code != 405:
			t.Fatalf("%s %s: %d as %q", method, target, w.Code, kind)
		case kind == "application/json" && !json.Valid(w.Body.Bytes()):
			t.Fatalf("%s %s: %s", method, target, w.Body)
		}
		if box.asked.Last < 0 || box.rolled < 0 {
			t.Fatalf("%s %s: asked for %+v, rolled back to %d", method, target, box.asked, box.rolled)
		}
	})
}
