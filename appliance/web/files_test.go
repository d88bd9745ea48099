package web

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"strings"
	"testing"
)

func archive(t testing.TB, files map[string]string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, content := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, content)
	}
	w.Close()
	return &b
}

func TestAConfigurationArrivesAsItWasSent(t *testing.T) {
	f := &fakeBox{}
	_, c, _ := control(t, f)
	status, body := ask(t, c, "POST", "http://box/v1/plan", archive(t, map[string]string{"office.hcl": "a = 1", "./prompts/x.wav": "RIFF\x00"}))
	if status != 200 || !strings.Contains(body, `extension \"1001\"`) {
		t.Errorf("%d %s", status, body)
	}
	if len(f.files) != 2 || string(f.files["office.hcl"]) != "a = 1" || string(f.files["prompts/x.wav"]) != "RIFF\x00" {
		t.Errorf("arrived: %q", f.files)
	}
}

func TestAFileThatLeavesTheConfigurationIsRefused(t *testing.T) {
	for _, name := range []string{"../passwd", "/etc/passwd", "a/../../b"} {
		if _, err := readFiles(archive(t, map[string]string{name: "x"})); err == nil || !strings.Contains(err.Error(), "leaves") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestALinkInAnArchiveIsRefused(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Name: "office.hcl", Typeflag: tar.TypeSymlink, Linkname: "/etc/shadow"})
	w.Close()
	if _, err := readFiles(&b); err == nil || !strings.Contains(err.Error(), "plain file") {
		t.Errorf("got %v", err)
	}
}

func FuzzAnArchiveNeverNamesAFileOutsideItself(f *testing.F) {
	b, _ := io.ReadAll(archive(f, map[string]string{"office.hcl": "x"}))
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		files, err := readFiles(bytes.NewReader(b))
		if err != nil {
			return
		}
		for name := range files {
			if !fs.ValidPath(name) {
				t.Errorf("%q", name)
			}
		}
	})
}
