package hcl

import (
	"fmt"
	"reflect"
)

// FeatureCodes are what is dialled at a phone of the box to have something
// done: * or #, and up to 5 digits. An empty code is off.
type FeatureCodes struct {
	// SignIn signs the agent of this phone in, ready for calls.
	SignIn string `hcl:"sign_in" is:"code" default:"*61"`
	// Pause pauses the agent.
	Pause string `hcl:"pause" is:"code" default:"*62"`
	// SignOff signs the agent off.
	SignOff string `hcl:"sign_off" is:"code" default:"*63"`
	// Voicemail plays messages.
	Voicemail string `hcl:"voicemail" is:"code" default:"*97"`
	// Echo says back what is said, to hear whether sound goes both ways.
	Echo string `hcl:"echo" is:"code" default:"*43"`
}

var featureCodesKind = &kind{name: "feature_codes", new: func() any { return new(FeatureCodes) }, effect: newCalls, example: `
feature_codes {
  sign_in   = "*61"
  pause     = "*62"
  sign_off  = "*63"
  voicemail = "*97"
  echo      = "*43"
}
`}

func (c *FeatureCodes) check(l *loader, b *block) {
	v, seen := reflect.ValueOf(*c), map[string]string{}
	for _, f := range schemaOf(v.Type()).fields {
		code := v.Field(f.index).String()
		if first := seen[code]; first != "" && code != "" {
			l.fail(b.at(f.name), fmt.Sprintf("%s and %s are both %s", first, f.name, code), "Each code does one thing; choose another.")
		}
		seen[code] = f.name
	}
}
