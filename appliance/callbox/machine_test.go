package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAMachineThatLacksSomethingIsToldWhatHelps(t *testing.T) {
	dir := write(t, map[string]string{"rmem_max": "212992\n", "wmem_max": "4194304\n", "modules": "nf_conntrack_sip 16384 1 nf_nat_sip, Live 0x0\n"})
	for _, f := range []finding{
		checkBuffers(dir),
		checkNAT(filepath.Join(dir, "modules")),
		checkClock(time.Unix(0, 0)),
		checkDisk(filepath.Join(dir, "rmem_max")), // a file where a directory should be
	} {
		if f.Verdict == good && f.Name != "disk" || f.Verdict != good && f.Remedy == "" {
			t.Errorf("%+v", f)
		}
	}
}

func TestAMachineThatHasEverythingIsLeftInPeace(t *testing.T) {
	dir := write(t, map[string]string{"rmem_max": "4194304\n", "wmem_max": "4194304\n", "modules": ""})
	for _, f := range []finding{checkBuffers(dir), checkNAT(filepath.Join(dir, "modules"))} {
		if f.Verdict != good || f.Remedy != "" {
			t.Errorf("%+v", f)
		}
	}
}

func TestTheDiskIsLookedAtWhereTheDataWillBe(t *testing.T) {
	dir := t.TempDir()
	f := checkDisk(filepath.Join(dir, "not", "there", "yet"))
	if !strings.Contains(f.Found, "MB free") {
		t.Errorf("%+v", f)
	}
	if _, err := os.Stat(filepath.Join(dir, "not")); err == nil {
		t.Error("looking made a directory")
	}
}

func TestDoctorAsksTheBox(t *testing.T) {
	_, out, _ := sit(t, &fakeBox{}).types("doctor")
	if !strings.Contains(out, "answers, version 1.2.3") || !strings.Contains(out, "trunk backup is down") {
		t.Error(out)
	}
	_, out, _ = sit(t, nil).types("doctor", "--json")
	if !strings.Contains(out, `"name":"box","found":"none runs on`) {
		t.Error(out)
	}
}

func TestDoctorHearsTheVoiceOfAConfiguration(t *testing.T) {
	d := sit(t, nil)
	speech := func(dir string) (verdict, text string) {
		_, out, _ := d.types("doctor", dir, "--json")
		var found []struct{ Verdict, Name, Found, Remedy string }
		if err := json.Unmarshal([]byte(out), &found); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for _, f := range found {
			if f.Name == "speech" {
				verdict, text = f.Verdict, text+f.Found+" -> "+f.Remedy+"\n"
			}
		}
		return verdict, text
	}
	for name, c := range map[string]struct{ config, verdict, says string }{
		"missing": {"tts {\n  engine  = \"command\"\n  command = [\"no-such-voice-here\"]\n}\n", "warn", "no-such-voice-here"},
		"silent":  {"tts {\n  engine = \"none\"\n}\n", "ok", "as the tts block says"},
		"broken":  {"tss {\n}\n", "fail", "callbox validate"},
	} {
		if verdict, text := speech(write(t, map[string]string{"office.hcl": c.config})); verdict != c.verdict || !strings.Contains(text, c.says) {
			t.Errorf("%s: %s: %s", name, verdict, text)
		}
	}
	if verdict, text := speech(filepath.Join(d.data, "nowhere")); verdict != "fail" || !strings.Contains(text, "Name the directory") {
		t.Errorf("%s: %s", verdict, text)
	}
}
