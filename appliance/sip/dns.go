package sip

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// The library's resolver tells no NAPTR records and no lifetimes (RFC 3263 needs the first, its section 4 the second),
// so names are asked for here. Only the goroutines that look trunks up wait for it.

const (
	dnsTry      = 600 * time.Millisecond // for one server to answer; then the next is asked
	dnsLeast    = 5 * time.Second        // a record is kept that long at least, so that a zone cannot keep us busy
	dnsMost     = time.Hour
	dnsNothing  = 10 * time.Second // that there is no record is kept that long
	maxNames    = 512              // in the cache
	maxAnswers  = 32               // records of one answer that are looked at
	maxDNS      = 4096             // bytes of an answer
	maxPointers = 16               // of a compressed name
)

// Record types.
const (
	typeA     = 1
	typeCNAME = 5
	typeAAAA  = 28
	typeSRV   = 33
	typeNAPTR = 35
)

var (
	errDNS     = errors.New("malformed DNS answer")
	errNoName  = errors.New("no such name")
	errDNSDead = errors.New("no name server answers")
)

// record is one resource record of a kind that we ask for.
type record struct {
	ttl              time.Duration
	addr             netip.Addr // A, AAAA
	priority, weight uint16     // SRV; NAPTR: order and preference
	port             uint16     // SRV
	target           string     // SRV, CNAME; NAPTR: replacement
	flags, service   string     // NAPTR
}

type question struct {
	name string // lower case, no final dot
	kind uint16
}

type kept struct {
	records []record
	until   time.Time
}

// resolver asks name servers and remembers what they said for as long as they said.
type resolver struct {
	servers []string // host:port; nil: those of the system
	now     func() time.Time

	mu    sync.Mutex
	cache map[question]kept
}

// lookup returns the records of that type, none when there are none. An error means that nobody could tell.
func (r *resolver) lookup(ctx context.Context, name string, kind uint16) ([]record, error) {
	q := question{strings.TrimSuffix(strings.ToLower(name), "."), kind}
	now := r.now()
	r.mu.Lock()
	k, ok := r.cache[q]
	r.mu.Unlock()
	if ok && now.Before(k.until) {
		return k.records, nil
	}
	records, err := r.ask(ctx, q)
	if err != nil && !errors.Is(err, errNoName) {
		return nil, err
	}
	keep := dnsMost
	if len(records) == 0 {
		keep = dnsNothing
	}
	for _, x := range records {
		keep = min(keep, max(x.ttl, dnsLeast))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cache == nil || len(r.cache) >= maxNames {
		r.cache = map[question]kept{}
	}
	r.cache[q] = kept{records, now.Add(keep)}
	return records, nil
}

// ask goes through the servers, twice.
func (r *resolver) ask(ctx context.Context, q question) ([]record, error) {
	id := uint16(rand.Uint32())
	query, err := dnsQuery(id, q)
	if err != nil {
		return nil, errNoName
	}
	servers := r.servers
	if servers == nil {
		servers = systemServers()
	}
	last := errDNSDead
	for range 2 {
		for _, server := range servers {
			if ctx.Err() != nil {
				return nil, last
			}
			b, err := exchange(ctx, "udp", server, query)
			if err == nil && len(b) > 2 && b[2]&2 != 0 { // cut off: the whole comes by TCP
				b, err = exchange(ctx, "tcp", server, query)
			}
			if err != nil {
				continue
			}
			records, err := dnsAnswer(b, id, q)
			if err == nil || errors.Is(err, errNoName) {
				return records, err
			}
			last = err
		}
	}
	return nil, last
}

// exchange sends a query and returns the first answer with its number.
func exchange(ctx context.Context, network, server string, query []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, dnsTry)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	if network == "tcp" {
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)); err != nil {
			return nil, err
		}
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return nil, err
		}
		b := make([]byte, min(int(binary.BigEndian.Uint16(size[:])), maxDNS))
		_, err := io.ReadFull(conn, b)
		return b, err
	}
	if _, err := conn.Write(query); err != nil {
		return nil, err
	}
	b := make([]byte, maxDNS)
	for {
		n, err := conn.Read(b)
		if err != nil {
			return nil, err
		}
		if n >= 12 && b[0] == query[0] && b[1] == query[1] {
			return b[:n], nil
		}
	}
}

// systemServers are the name servers of /etc/resolv.conf.
func systemServers() []string {
	const most = 3
	var out []string
	b, _ := os.ReadFile("/etc/resolv.conf")
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "nameserver" || len(out) == most {
			continue
		}
		if a, err := netip.ParseAddr(f[1]); err == nil {
			out = append(out, netip.AddrPortFrom(a, 53).String())
		}
	}
	if len(out) == 0 {
		out = []string{"127.0.0.1:53"}
	}
	return out
}

// dnsQuery writes one question, with the wish for answers of more than 512 bytes (RFC 6891).
func dnsQuery(id uint16, q question) ([]byte, error) {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = append(b, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1) // recursion desired; one question, one additional
	b, err := dnsName(b, q.name)
	if err != nil {
		return nil, err
	}
	b = binary.BigEndian.AppendUint16(b, q.kind)
	b = append(b, 0, 1)
	return append(b, 0, 0, 41, 1232>>8, 1232&255, 0, 0, 0, 0, 0, 0), nil
}

func dnsName(b []byte, name string) ([]byte, error) {
	if len(name) > 253 || name == "" {
		return nil, errNoName
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return nil, errNoName
		}
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0), nil
}

// dnsAnswer reads the records of the type that was asked for, also those of the names that the name stands for.
func dnsAnswer(b []byte, id uint16, q question) ([]record, error) {
	if len(b) < 12 || binary.BigEndian.Uint16(b) != id || b[2]&0x80 == 0 || binary.BigEndian.Uint16(b[4:]) != 1 {
		return nil, errDNS
	}
	switch b[3] & 15 {
	case 0:
	case 3:
		return nil, errNoName
	default:
		return nil, errDNSDead
	}
	name, at, err := readName(b, 12)
	if err != nil || name != q.name || at+4 > len(b) || binary.BigEndian.Uint16(b[at:]) != q.kind {
		return nil, errDNS
	}
	at += 4
	names := map[string]bool{q.name: true}
	var out []record
	for range min(int(binary.BigEndian.Uint16(b[6:])), maxAnswers) {
		var owner string
		if owner, at, err = readName(b, at); err != nil || at+10 > len(b) {
			return nil, errDNS
		}
		kind, ttl, size := binary.BigEndian.Uint16(b[at:]), binary.BigEndian.Uint32(b[at+4:]), int(binary.BigEndian.Uint16(b[at+8:]))
		at += 10
		if at+size > len(b) {
			return nil, errDNS
		}
		x := record{ttl: min(time.Duration(ttl)*time.Second, dnsMost)}
		if names[owner] && (kind == q.kind || kind == typeCNAME) {
			if err := x.read(b, at, size, kind); err != nil {
				return nil, err
			}
			if kind == q.kind {
				out = append(out, x)
			} else {
				names[x.target] = true
			}
		}
		at += size
	}
	return out, nil
}

// read takes the data of a record, which lie in b from at.
func (x *record) read(b []byte, at, size int, kind uint16) (err error) {
	data := b[at : at+size]
	switch kind {
	case typeA, typeAAAA:
		a, ok := netip.AddrFromSlice(data)
		if !ok || a.Is4() != (kind == typeA) {
			return errDNS
		}
		x.addr = a.Unmap()
	case typeCNAME:
		x.target, _, err = readName(b, at)
	case typeSRV:
		if size < 7 {
			return errDNS
		}
		x.priority, x.weight, x.port = binary.BigEndian.Uint16(data), binary.BigEndian.Uint16(data[2:]), binary.BigEndian.Uint16(data[4:])
		x.target, _, err = readName(b, at+6)
	case typeNAPTR:
		if size < 4 {
			return errDNS
		}
		x.priority, x.weight = binary.BigEndian.Uint16(data), binary.BigEndian.Uint16(data[2:])
		var texts [3]string // flags, service, regular expression
		from := 4
		for i := range texts {
			if from >= size || from+1+int(data[from]) > size {
				return errDNS
			}
			texts[i] = strings.ToUpper(string(data[from+1 : from+1+int(data[from])]))
			from += 1 + int(data[from])
		}
		x.flags, x.service = texts[0], texts[1]
		x.target, _, err = readName(b, at+from)
	}
	return err
}

// readName reads a name that may be compressed, in lower case and without its final dot; next is what lies behind it.
func readName(b []byte, at int) (name string, next int, err error) {
	var out strings.Builder
	next = -1
	for jumps := 0; ; {
		if at >= len(b) {
			return "", 0, errDNS
		}
		n := int(b[at])
		switch {
		case n == 0:
			if next < 0 {
				next = at + 1
			}
			return strings.ToLower(out.String()), next, nil
		case n >= 0xc0:
			if at+2 > len(b) || jumps == maxPointers {
				return "", 0, errDNS
			}
			if next < 0 {
				next = at + 2
			}
			at = int(binary.BigEndian.Uint16(b[at:]) & 0x3fff)
			jumps++
		case n > 63 || at+1+n > len(b) || out.Len()+n > 254:
			return "", 0, errDNS
		default:
			if out.Len() > 0 {
				out.WriteByte('.')
			}
			out.Write(b[at+1 : at+1+n])
			at += 1 + n
		}
	}
}
