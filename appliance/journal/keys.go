package journal

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"callbox/appliance/store"
)

// buckets are the journal's own; store/doc.go has the table.
type buckets struct {
	event     *store.Bucket[[]byte] // JSON, encoded once
	eventCall *store.Bucket[[]byte]
	cdr       *store.Bucket[[]byte]
	cdrCall   *store.Bucket[[]byte]
	open      *store.Bucket[mark]
	meta      *store.Bucket[string]
}

// mark says that a call has started and not ended.
type mark struct {
	Seq uint64 `json:"seq"` // of its call.started
}

const (
	metaBox     = "box"
	metaTrimmed = "trimmed" // number of the last event that Trim removed
	metaBeat    = "beat"    // when the box was last known to be up with calls
)

func declare(db *store.DB) buckets {
	return buckets{
		event:     store.Declare[[]byte](db, "event", store.Told),
		eventCall: store.Declare[[]byte](db, "event_call", store.Told),
		cdr:       store.Declare[[]byte](db, "cdr", store.Told),
		cdrCall:   store.Declare[[]byte](db, "cdr_call", store.Told),
		open:      store.Declare[mark](db, "open", store.Told),
		meta:      store.Declare[string](db, "journal", store.Told),
	}
}

// seqKey sorts as its number does.
func seqKey(seq uint64) string { return string(binary.BigEndian.AppendUint64(nil, seq)) }

func keySeq(key string) uint64 {
	if len(key) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64([]byte(key[len(key)-8:]))
}

func eventCallKey(call string, seq uint64) string { return call + "\x00" + seqKey(seq) }

// cdrKey sorts by start; the bias puts times before 1970 first.
func cdrKey(started time.Time, call string) string {
	return seqKey(uint64(started.UnixMilli())^1<<63) + call
}

// keyCall is the call in a key of a CDR.
func keyCall(key string) string { return key[min(8, len(key)):] }

var errCallID = errors.New("journal: a call's id has 1 to 64 bytes and no zero byte")

func checkCall(call string) error {
	if len(call) > 64 || strings.IndexByte(call, 0) >= 0 {
		return errCallID
	}
	return nil
}
