package hcl

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

const misspelt = `trunk "pstn" {
  address = "sip:a.example"
}

media {
  codecs = [
    "opus", "ölaw"
  ]
  srtp = "on"
}
`

func TestJSONHasTheShapeThatEditorsKnow(t *testing.T) {
	_, ds := Load(files(one(misspelt)), known())
	var out struct {
		FormatVersion string `json:"format_version"`
		Valid         *bool
		ErrorCount    int `json:"error_count"`
		WarningCount  int `json:"warning_count"`
		Diagnostics   []struct {
			Severity, Summary, Detail string
			Range                     struct {
				Filename   string
				Start, End struct{ Line, Column, Byte int }
			}
			Snippet struct {
				Context              *string
				Code                 string
				StartLine            int `json:"start_line"`
				HighlightStartOffset int `json:"highlight_start_offset"`
				HighlightEndOffset   int `json:"highlight_end_offset"`
				Values               []any
			}
		}
	}
	if err := json.Unmarshal(ds.JSON(), &out); err != nil {
		t.Fatal(err)
	}
	if out.FormatVersion != "1.0" || out.Valid == nil || *out.Valid || out.ErrorCount != 2 || out.WarningCount != 0 || len(out.Diagnostics) != 2 {
		t.Fatalf("%s", ds.JSON())
	}
	d := out.Diagnostics[0]
	if d.Severity != "error" || d.Range.Filename != "main.hcl" || d.Range.Start.Line != 7 || d.Range.Start.Column != 13 || d.Range.End.Byte <= d.Range.Start.Byte {
		t.Errorf("%+v", d)
	}
	s := d.Snippet
	if marked := s.Code[s.HighlightStartOffset:s.HighlightEndOffset]; marked != `"ölaw"` || s.StartLine != 7 || s.Context == nil || *s.Context != "media" || s.Values == nil {
		t.Errorf("%q is marked in %+v", marked, s)
	}
}

func TestARightConfigurationIsValidInJSON(t *testing.T) {
	want := "{\n  \"format_version\": \"1.0\",\n  \"valid\": true,\n  \"error_count\": 0,\n  \"warning_count\": 0,\n  \"diagnostics\": []\n}\n"
	if got := string(Diagnostics(nil).JSON()); got != want {
		t.Errorf("%s", got)
	}
}

func TestColoursUnderlineWhatIsMeant(t *testing.T) {
	_, ds := Load(files(one(misspelt)), known())
	var b strings.Builder
	if err := ds.Write(&b, true); err != nil {
		t.Fatal(err)
	}
	for _, has := range []string{"\x1b[1;31mError:\x1b[0m", "\x1b[4m\"ölaw\"\x1b[0m", "\x1b[4m\"on\"\x1b[0m"} {
		if !strings.Contains(b.String(), has) {
			t.Errorf("%q is not in %q", has, b.String())
		}
	}
	if plain := told(ds); strings.Contains(plain, "\x1b") {
		t.Errorf("colours where none were asked for: %q", plain)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestAWriterThatFailsIsTold(t *testing.T) {
	if err := (Diagnostics{{Summary: "x"}}).Write(full{}, false); err == nil {
		t.Error("no error")
	}
}

func TestADiagnosticIsOneLineForALog(t *testing.T) {
	_, ds := Load(files(one("media {\n  srtp = \"on\"\n}\n")), known())
	if want := `main.hcl:2: unknown srtp "on". Allowed are: off, optional, required.`; len(ds) != 1 || ds[0].String() != want {
		t.Errorf("%v", ds)
	}
}

func TestTheNearestNameIsTheOneThatWasMeant(t *testing.T) {
	names := []string{"claims", "service", "longest_idle", "ring_all", "1001", "pstn"}
	for given, want := range map[string]string{
		"claim": "claims", "cliams": "claims", "Claims": "claims", "longest-idle": "longest_idle", "LongestIdle": "longest_idle",
		"101": "1001", "ptsn": "pstn", "sales": "", "": "", "x": "", "ringall": "ring_all",
	} {
		if got := nearest(given, names); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
}

func TestFormattingPutsEqualsSignsInAColumnAndLeavesWhatItCannotRead(t *testing.T) {
	if got := string(Format([]byte("sip{\nlisten=[]\n  external = \"x\"\n}\n"))); got != "sip {\n  listen   = []\n  external = \"x\"\n}\n" {
		t.Errorf("%q", got)
	}
	for _, text := range []string{"\xff\xfe", strings.Repeat("(", 1000)} {
		if got := string(Format([]byte(text))); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}
