package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

var plain = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// listen makes addr the public address.
func listen(t *testing.T, s *Server, addr string, c *tls.Config) {
	t.Helper()
	change, err := s.Prepare(addr, c)
	if err != nil {
		t.Fatal(err)
	}
	change.Commit()
}

func public(t *testing.T, f *fakeBox) *Server {
	t.Helper()
	s := New(f, Options{})
	t.Cleanup(func() { s.Close() })
	listen(t, s, "127.0.0.1:0", nil)
	return s
}

func TestAStrangerSeesHealthAndNumbersAndNothingElse(t *testing.T) {
	s := public(t, &fakeBox{ended: map[Ending]uint64{{"answered", "caller"}: 7}})
	base := "http://" + s.Addr()
	if status, body := ask(t, plain, "GET", base+"/healthz", nil); status != 200 || body != "ok\n" {
		t.Errorf("%d %q", status, body)
	}
	_, body := ask(t, plain, "GET", base+"/metrics", nil)
	for _, line := range []string{
		`callbox_calls_total{cause="caller",outcome="answered"} 7`, "callbox_calls_active 2",
		`callbox_trunk_up{trunk="backup"} 0`, `callbox_trunk_up{trunk="pstn"} 1`, "callbox_journal_lag_seconds 1.5", "callbox_panics_total 1", "go_goroutines",
	} {
		if !strings.Contains(body, line) {
			t.Errorf("/metrics lacks %s", line)
		}
	}
	for _, path := range []string{"/v1/status", "/v1/calls", "/v1/secrets", "/", "/debug/pprof/"} {
		if status, _ := ask(t, plain, "GET", base+path, nil); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := ask(t, plain, "POST", base+"/v1/rollback", strings.NewReader(`{"generation":1}`)); status != 404 {
		t.Errorf("rollback: %d", status)
	}
}

func TestAStrangerIsNotToldWhyTheBoxIsUnwell(t *testing.T) {
	s := public(t, &fakeBox{unwell: errors.New("the disk is full")})
	if status, body := ask(t, plain, "GET", "http://"+s.Addr()+"/healthz", nil); status != 503 || strings.Contains(body, "disk") {
		t.Errorf("%d %s", status, body)
	}
}

func TestLabelsStayFewWhateverTheBoxSays(t *testing.T) {
	many := map[Ending]uint64{}
	for i := range 2 * maxSeries {
		many[Ending{"failed", fmt.Sprint(i)}] = 1
	}
	s := public(t, &fakeBox{ended: many})
	_, body := ask(t, plain, "GET", "http://"+s.Addr()+"/metrics", nil)
	if n := strings.Count(body, "callbox_calls_total{"); n != maxSeries {
		t.Errorf("%d series", n)
	}
}

func TestAnAddressThatStaysKeepsItsSocketOverAReload(t *testing.T) {
	s := public(t, &fakeBox{})
	before := s.Addr()
	listen(t, s, "127.0.0.1:0", nil)
	if s.Addr() != before {
		t.Errorf("moved from %s to %s", before, s.Addr())
	}
}

func TestANewAddressServesAndTheOldOneIsGone(t *testing.T) {
	s := public(t, &fakeBox{})
	before := s.Addr()
	listen(t, s, "localhost:0", nil)
	if status, _ := ask(t, plain, "GET", "http://"+s.Addr()+"/healthz", nil); status != 200 {
		t.Errorf("status %d", status)
	}
	listen(t, s, "", nil)
	if s.Addr() != "" {
		t.Error("there is still an address")
	}
	s.Close()
	if c, err := net.Dial("tcp", before); err == nil {
		c.Close()
		t.Error("the old address still answers")
	}
}

func TestAnAbortedReloadLeavesTheOldAddressServing(t *testing.T) {
	s := public(t, &fakeBox{})
	change, err := s.Prepare("localhost:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	change.Abort()
	if status, _ := ask(t, plain, "GET", "http://"+s.Addr()+"/healthz", nil); status != 200 {
		t.Errorf("status %d", status)
	}
}

func TestAnAddressInUseSaysWhatToDo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := New(&fakeBox{}, Options{})
	defer s.Close()
	if _, err := s.Prepare(l.Addr().String(), nil); err == nil || !strings.Contains(err.Error(), "choose another web.listen") {
		t.Errorf("got %v", err)
	}
}

func TestTLSComesWithAReloadAndTheSocketStays(t *testing.T) {
	s := public(t, &fakeBox{})
	listen(t, s, "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}})
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	if status, body := ask(t, c, "GET", "https://"+s.Addr()+"/healthz", nil); status != 200 || body != "ok\n" {
		t.Errorf("%d %q", status, body)
	}
}

func TestConnectionsThatSayNothingLeaveRoomAgainWhenTheyGo(t *testing.T) {
	s := public(t, &fakeBox{})
	var idle []net.Conn
	for range maxPublic {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		idle = append(idle, c)
	}
	answered := make(chan int, 1)
	go func() {
		res, err := plain.Get("http://" + s.Addr() + "/healthz")
		if err != nil {
			answered <- 0
			return
		}
		res.Body.Close()
		answered <- res.StatusCode
	}()
	select {
	case <-answered:
		t.Error("one more than the most was served")
	case <-time.After(50 * time.Millisecond):
	}
	for _, c := range idle {
		c.Close()
	}
	if status := <-answered; status != 200 {
		t.Errorf("status %d", status)
	}
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
