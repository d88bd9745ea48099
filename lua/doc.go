// Package lua is the plugin host: it runs the Lua of integrators and of verticals for the call centre, in a child process under
// the kernel's limits.
//
// It owns the child processes, the calls of functions that are in flight in them, what each function costs, and the one table of
// declarations (declare.go, api_*.go) from which come the binding, the check of phases and grants, the editor's stubs and the
// reference. It never trusts what a child says, never runs Lua in this process, never lends a child a file, a socket or a secret
// that is not the plugin's own, and it knows nothing of flows and queues: a [Caller] and the [Services] are all it sees of the box.
//
// # Two halves
//
// [Child] is the other half: the same binary, started with an argument of the wiring's choice, which reads frames and runs Lua. It
// gives up files, network and new programs before it reads the first line of Lua (harden.go). A function runs in a state made for
// that one call, so that nothing is left over from another caller's; states are prepared ahead and sources compiled once. What
// Lua asks of the box goes as a question to this half, which checks what the plugin was granted and answers on the goroutine of
// whoever called [Host.Run]: a stage that waits inside a plugin waits where it always does.
//
// # Limits
//
// Instructions and time are checked between two instructions, in the child. What Lua does inside one instruction cannot be
// stopped there, so past its deadline the whole process is killed (flight.go) and what else ran in it is run again, or fails
// cleanly if it already had an effect (fault.go). A plugin that twice cost a process its life gets a process of its own.
//
// A [Host] belongs to one generation of the configuration and ends with Close, which ends its processes; calls in flight fail.
package lua
