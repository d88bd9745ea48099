package peers

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Event is what baresip tells of itself: REGISTER_OK, CALL_INCOMING, CALL_ESTABLISHED, CALL_CLOSED and so on.
type Event struct {
	Type      string `json:"type"`
	Direction string `json:"direction"`
	Peer      string `json:"peeruri"`
	Name      string `json:"peerdisplayname"`
	Param     string `json:"param"` // for CALL_CLOSED why: "486 Busy Here"
}

// control is the line to one baresip (its ctrl_tcp module): commands in, events out, both JSON in netstrings.
type control struct {
	conn   net.Conn
	events chan Event // closed with the line; a phone that tells more than fits unread loses the oldest news

	mu      sync.Mutex
	pressed strings.Builder // keys that arrived
}

func (c *control) keys() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pressed.String()
}

func dialControl(t testing.TB, port int) *control {
	t.Helper()
	var conn net.Conn
	Await(t, "baresip opens its control port", 10*time.Second, func() (ok bool) {
		var err error
		conn, err = net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		return err == nil
	})
	c := &control{conn: conn, events: make(chan Event, 512)}
	t.Cleanup(func() { conn.Close() })
	go c.read()
	return c
}

func (c *control) read() {
	defer close(c.events)
	r := bufio.NewReader(c.conn)
	for {
		text, err := readNetstring(r)
		if err != nil {
			return
		}
		var e Event
		if json.Unmarshal(text, &e) != nil || e.Type == "" {
			continue // the answer to a command
		}
		if e.Type == "CALL_DTMF_START" {
			c.mu.Lock()
			c.pressed.WriteString(e.Param)
			c.mu.Unlock()
		}
		select {
		case c.events <- e:
		default:
			<-c.events
			c.events <- e
		}
	}
}

func (c *control) command(t testing.TB, command, params string) {
	t.Helper()
	text, _ := json.Marshal(map[string]string{"command": command, "params": params})
	if _, err := fmt.Fprintf(c.conn, "%d:%s,", len(text), text); err != nil {
		t.Fatalf("baresip does not take %q: %v", command, err)
	}
}

// await is the next event of one of the types; what comes before it is passed over.
func (c *control) await(t testing.TB, who string, within time.Duration, types ...string) Event {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	var seen []string
	for {
		select {
		case e, ok := <-c.events:
			if !ok {
				t.Fatalf("phone %s is gone; waited for %v, saw %v", who, types, seen)
			}
			for _, want := range types {
				if e.Type == want {
					return e
				}
			}
			seen = append(seen, strings.TrimSpace(e.Type+" "+e.Param))
		case <-deadline.C:
			t.Fatalf("phone %s: no %v within %v; saw %v", who, types, within, seen)
		}
	}
}

func readNetstring(r *bufio.Reader) ([]byte, error) {
	length, err := r.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimLeft(strings.TrimSuffix(length, ":"), ",\r\n "))
	if err != nil || n > 1<<20 {
		return nil, fmt.Errorf("netstring of length %q", length)
	}
	text := make([]byte, n)
	_, err = io.ReadFull(r, text)
	return text, err
}
