package lua

import (
	"context"
	"os"
	"reflect"
	"testing"
)

// policySource is the plugin of the language's own example, unchanged.
func policySource(t testing.TB) []byte {
	t.Helper()
	source, err := os.ReadFile("testdata/policy.lua")
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func TestThePolicyOfTheExampleOfficeIsLookedUpOnceAnHour(t *testing.T) {
	o, log := options()
	o.Plugins = []Plugin{{
		Name: "policy", Main: "plugins/policy.lua", Files: map[string][]byte{"plugins/policy.lua": policySource(t)},
		Config: map[string]any{"base_url": "https://erp.example", "token": "t0ps3cret"},
		Allow:  Allow{HTTP: []string{"https://erp.example/"}, KV: true},
	}}
	var asked []string
	o.Services.HTTP = func(_ context.Context, plugin string, r HTTPRequest) (HTTPResponse, error) {
		asked = append(asked, plugin+" "+r.Method+" "+r.URL)
		if r.URL != "https://erp.example/policies/123456" {
			return HTTPResponse{Status: 404}, nil
		}
		return HTTPResponse{Status: 200, Header: map[string]string{"Content-Type": "application/json; charset=utf-8"},
			Body: []byte(`{"holder": "陳", "due": "2026-04-01", "id": 12345678901234567890, "none": null, "list": [1, null, {}], "empty": []}`)}, nil
	}
	office := opened(t, o, log)
	for range 2 {
		got, err := office.Host.Run(t.Context(), "policy", "lookup", &fakeCall{}, map[string]any{"number": "123456"}, 0)
		want := map[string]any{"found": true, "holder": "陳", "due": "2026-04-01"}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, %v", got, err)
		}
	}
	got, err := office.Host.Run(t.Context(), "policy", "lookup", &fakeCall{}, map[string]any{"number": "9"}, 0)
	if err != nil || !reflect.DeepEqual(got, map[string]any{"found": false}) {
		t.Errorf("got %v, %v", got, err)
	}
	if want := []string{"policy GET https://erp.example/policies/123456", "policy GET https://erp.example/policies/9"}; !reflect.DeepEqual(asked, want) {
		t.Errorf("asked %q", asked)
	}
	if !reflect.DeepEqual(office.Host.Functions("policy"), []string{"lookup", "on_call_ended"}) {
		t.Errorf("functions %q", office.Host.Functions("policy"))
	}
}
