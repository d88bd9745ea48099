// Package web shows the box to people and programs over HTTP.
//
// It owns two doors and nothing behind them. The control socket, a unix socket in the data directory that only its owner
// may open, carries the whole API: every callbox command that speaks to a running box speaks to it. The public listener
// serves /healthz and /metrics and nothing else. What is shown and done comes from a Box; web keeps no state of its own,
// never touches SIP or sound, never writes a file but its socket, and never answers a stranger with more than a number.
//
// It ends with Close: no new requests, the ones in progress get a moment to finish, then the socket file is gone.
package web
