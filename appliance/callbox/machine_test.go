package main

import (
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
