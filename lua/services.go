package lua

import (
	"context"
	"encoding/json"
	"time"
)

// Services are the parts of the box that plugins reach. What is nil is not there: functions that need it answer nil and the
// reason, except HTTP, which then goes out by a client of this package. Methods are called from many goroutines at once; their
// context ends when the function's time is over or its call is.
type Services struct {
	HTTP    func(ctx context.Context, plugin string, r HTTPRequest) (HTTPResponse, error)
	KV      KV
	CRM     CRM
	Tickets Tickets
	// Queues gives what the language calls queue.NAME: waiting, longest_wait, expected_wait, ready, talking, logged_in, service_level.
	Queues func(name string) (map[string]any, bool)
	SMS    func(ctx context.Context, to, text string) error
	Mail   func(ctx context.Context, m Mail) error
	// Phone reads a number as it is dialled in the country ("" is the box's own) and gives it in E.164.
	Phone func(number, country string) (e164 string, ok bool)
}

// HTTPRequest is one request of a plugin, to an address that was granted.
type HTTPRequest struct {
	Method, URL string
	Header      map[string]string
	Body        []byte
	Timeout     time.Duration // the context ends no later
}

// HTTPResponse is the whole answer. Names of headers are in lower case.
type HTTPResponse struct {
	Status int
	Header map[string]string
	Body   []byte // maxBody bytes at most
}

// KV keeps what plugins want to find again. Each plugin sees its own keys only. Values are JSON, 64 kB at most.
type KV interface {
	Get(plugin, key string) (value json.RawMessage, ok bool, err error)
	// Set keeps the value, for ever when ttl is zero. It fails when the plugin keeps too much already.
	Set(plugin, key string, value json.RawMessage, ttl time.Duration) error
	Delete(plugin, key string) error
	// List gives the plugin's keys that begin with prefix in their order, limit at most.
	List(plugin, prefix string, limit int) ([]string, error)
}

// CRM are the customers. Records are maps in the shape of the language's caller: id, name, number, fields, tags.
type CRM interface {
	Find(ctx context.Context, plugin string, query map[string]any) ([]map[string]any, error)
	Get(ctx context.Context, plugin, id string) (record map[string]any, ok bool, err error)
	// Save creates a record, or changes the one whose id it names, and gives it as it is now.
	Save(ctx context.Context, plugin string, record map[string]any) (map[string]any, error)
}

// Tickets are the work orders of the desk.
type Tickets interface {
	Open(ctx context.Context, plugin string, ticket map[string]any) (map[string]any, error)
	Get(ctx context.Context, plugin, id string) (ticket map[string]any, ok bool, err error)
	Update(ctx context.Context, plugin, id string, changes map[string]any) (map[string]any, error)
	List(ctx context.Context, plugin string, query map[string]any) ([]map[string]any, error)
}

// Mail is one message that a plugin sends.
type Mail struct {
	Plugin  string
	To      []string
	Subject string
	Text    string
}

// Caller is a call as a plugin sees it. Its methods are called on the goroutine that called Run, one at a time; those with a
// context wait, and return when it ends. A method that returns [ErrLeft] ends the function, because the call has gone elsewhere;
// any other error is raised in the plugin, at its line.
type Caller interface {
	Fields() CallFields
	Set(key string, value any) error
	Tag(name string) error
	Play(ctx context.Context, prompt string, values map[string]any) error
	Say(ctx context.Context, text string) error
	// Collect gives ok false when the caller pressed nothing that fits in all tries.
	Collect(ctx context.Context, c Collect) (keys string, ok bool, err error)
	Record(ctx context.Context, r Record) (recording map[string]any, err error)
	Queue(ctx context.Context, name string, options map[string]any) error
	Transfer(ctx context.Context, destination string) error
	Hangup(ctx context.Context, cause string) error
}

// CallFields are the fields of the call in Lua.
type CallFields struct {
	ID, From, To, Trunk, Language string
	Generation                    int
	Data                          map[string]any
	Caller                        map[string]any // the customer: found, name, number, fields, tags
}

// Collect asks for keys; what is zero is as in the step of the same name.
type Collect struct {
	Prompt  string
	Digits  string // "4-12"
	EndKey  string
	Timeout time.Duration
	Tries   int
	Secret  bool
}

// Record asks for a recording of what the caller says.
type Record struct {
	Max    time.Duration
	EndKey string
	Beep   bool
}
