package appliance_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callbox/appliance/media"
)

// recorded writes a prompt that is a tone, so that a test can hear which one is played.
func (o *office) recorded(name string, hz float64, long time.Duration) {
	o.t.Helper()
	var b bytes.Buffer
	if err := media.WriteWAV(&b, media.ToneSound(long, hz).PCM()); err != nil {
		o.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(o.dir, "prompts"), 0o700); err != nil {
		o.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.dir, "prompts", name+".wav"), b.Bytes(), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

const flows = `
route "claims" {
  from   = phones
  number = "700"
  class  = "internal"
  to     = ivr.main
}
prompt "welcome" {
  file = { en = "prompts/welcome.wav" }
}
prompt "wrong" {
  file = { en = "prompts/wrong.wav" }
}
plugin "policy" {
  source = "policy.lua"
  allow {
    kv = true
  }
}
ivr "main" {
  menu "top" {
    prompt  = prompt.welcome
    timeout = "1s"
    tries   = 2

    key "1" {
      goto = extension.1002
    }
    key "2" {
      collect "number" {
        digits = "4"
        secret = true
      }
      run "policy" {
        function = plugin.policy.lookup
        args     = { number = input.number }
      }
      when {
        condition = result.policy.found
        set {
          data = { holder = result.policy.holder }
        }
        goto = extension.1002
      }
      play {
        prompt = prompt.wrong
      }
    }
    invalid {
      play {
        prompt = prompt.wrong
      }
    }
  }
}
`

const policy = `
local kv = require "callbox.kv"
local M = {}
function M.lookup(call, args)
  kv.set("asked", (kv.get("asked") or 0) + 1)
  if args.number == "1234" then
    return { found = true, holder = "Chen " .. kv.get("asked") }
  end
  return { found = false }
end
return M
`

func flowOffice(t *testing.T) *office {
	return officeThat(t, flows, func(o *office) {
		o.recorded("welcome", 500, 2*time.Second)
		o.recorded("wrong", 700, 2*time.Second)
		o.write("policy.lua", policy)
	})
}

func TestACallerHearsThePromptPressesAKeyAndReachesAPhone(t *testing.T) {
	o := flowOffice(t)
	mei, jun := o.phone("1001"), o.phone("1002")
	a := o.call(mei, "700")
	o.answered(a)
	o.hears(a, 500)
	a.PlayTone(440)
	a.Press("7") // no choice
	o.hears(a, 700)
	o.hears(a, 500) // asked again
	a.Press("1")
	b := o.rings(jun)
	b.PlayTone(880)
	if err := b.Answer(); err != nil {
		t.Fatal(err)
	}
	o.hears(a, 880)
	o.hears(b, 440)
	a.Hangup()
	o.gone(b)
	c := o.cdr(1)
	if c.Outcome != "answered" || c.Extension != "1002" || c.Talk > 8 {
		t.Errorf("CDR %+v", c)
	}
	o.balances(c)
}

func TestAPluginDecidesAndWhatWasKeyedInSecretIsWrittenNowhere(t *testing.T) {
	o := flowOffice(t)
	mei, jun := o.phone("1001"), o.phone("1002")
	a := o.call(mei, "700")
	o.answered(a)
	a.Press("21234") // ahead of the question
	b := o.rings(jun)
	b.Hangup()
	a.Hangup()
	o.gone(a)
	o.cdr(1)
	past := o.stream("/v1/calls/past")
	defer past.Close()
	var all bytes.Buffer
	if _, err := all.ReadFrom(past); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(all.String(), `"holder":"Chen 1"`) {
		t.Errorf("the CDR does not have what the plugin said: %s", all.String())
	}
	plugins := o.stream("/v1/plugins")
	defer plugins.Close()
	var did []struct {
		Name, Source string
		Functions    []struct {
			Name           string
			Calls, Running int
			Total          float64 `json:"total_seconds"`
		}
	}
	if err := json.NewDecoder(plugins).Decode(&did); err != nil {
		t.Fatal(err)
	}
	if len(did) != 1 || did[0].Name != "policy" || did[0].Source != "policy.lua" || len(did[0].Functions) == 0 || did[0].Functions[0].Name != "lookup" ||
		did[0].Functions[0].Calls != 1 || did[0].Functions[0].Running != 0 || did[0].Functions[0].Total <= 0 {
		t.Errorf("the box says of its plugins %+v", did)
	}
	if strings.Contains(all.String()+o.log.String(), "1234") {
		t.Error("what was keyed in secret is written down")
	}
}

func TestACallerWhoPressesNothingIsAskedAgainAndThenTheFlowEnds(t *testing.T) {
	o := flowOffice(t)
	a := o.call(o.phone("1001"), "700")
	o.answered(a)
	if r := o.gone(a); r.By != "them" {
		t.Errorf("the phone says %+v", r)
	}
	if c := o.cdr(1); c.Outcome != "self_service" || c.Cause.Who != "box" || c.Answered != nil {
		t.Errorf("CDR %+v", c)
	}
}

func TestACallKeepsThePluginItBeganWithAndTheNextHasTheNewOne(t *testing.T) {
	o := flowOffice(t)
	mei, desk := o.phone("1001"), o.phone("1003")
	a := o.call(mei, "700")
	o.answered(a)
	o.hears(a, 500)
	o.write("policy.lua", strings.Replace(policy, `"Chen "`, `"Wang "`, 1))
	o.eventually("the new plugin is in force", func() bool { return strings.Contains(o.log.String(), "generation=2") })
	b := o.call(desk, "700")
	o.answered(b)
	a.Press("21234")
	b.Press("21234")
	o.cdr(2) // nobody is at the phone they come to
	first, second := o.cdrs()[0], o.cdrs()[1]
	if first.Generation != 1 || first.Data["holder"] != "Chen 1" && first.Data["holder"] != "Chen 2" {
		t.Errorf("the call that was there: %+v", first)
	}
	if second.Generation != 2 || second.Data["holder"] != "Wang 1" && second.Data["holder"] != "Wang 2" {
		t.Errorf("the next call: %+v", second)
	}
}

func TestABrokenPluginIsRefusedWithFileAndLineAndTheOldOneGoesOn(t *testing.T) {
	o := flowOffice(t)
	o.write("policy.lua", policy+"\nthis is no Lua\n")
	o.eventually("the reload is refused", func() bool {
		said := o.log.String()
		return strings.Contains(said, "policy.lua:") && strings.Contains(said, "refused")
	})
	a := o.call(o.phone("1001"), "700")
	o.answered(a)
	a.Press("21234")
	if c := o.cdr(1); c.Generation != 1 || c.Data["holder"] != "Chen 1" {
		t.Errorf("CDR %+v", c)
	}
}
