package lua

import (
	"errors"
	"fmt"
	"strings"
)

// The kinds of an [Error].
const (
	KindError   = "error"   // the code is wrong, or raised an error
	KindTimeout = "timeout" // it took longer than it may
	KindBudget  = "budget"  // it ran more instructions than it may
	KindMemory  = "memory"  // it held more memory than it may
	KindCrashed = "crashed" // the process that ran it ended, and it could not be run again
	KindDenied  = "denied"  // it asked for what it was not allowed
)

// Error is why a function of a plugin ended without a result, or why a plugin does not load.
type Error struct {
	Plugin   string
	Function string // empty while the plugin loads
	File     string // path of the source; empty when no line of it is to blame
	Line     int    // from 1; 0 when unknown
	Kind     string
	Text     string // what happened and what to do
}

// Error is one line: plugin, function, file and line, what happened.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "plugin %s", e.Plugin)
	if e.Function != "" {
		fmt.Fprintf(&b, ".%s", e.Function)
	}
	if e.File != "" {
		fmt.Fprintf(&b, ": %s", e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
	}
	fmt.Fprintf(&b, ": %s", e.Text)
	return b.String()
}

// ErrLeft is what a [Caller] answers when the call goes elsewhere by what the plugin asked for: the function ends there, without
// a failure, and Run returns ErrLeft.
var ErrLeft = errors.New("the call has left the flow")

// misuse is an error of the plugin's author that the box found: it is raised at the line that made it.
type misuse struct{ text string }

func (e misuse) Error() string { return e.text }

func misusef(format string, args ...any) error { return misuse{fmt.Sprintf(format, args...)} }

// denial is a misuse that the configuration could allow.
type denial struct{ text string }

func (e denial) Error() string { return e.text }
