package main

import (
	"context"
	"net"
	"strconv"
	"time"
)

// notifySystemd tells systemd how the service is (sd_notify): "READY=1", "STOPPING=1", "WATCHDOG=1". Without systemd it does nothing.
func (a *app) notifySystemd(state string) {
	path, ok := a.env("NOTIFY_SOCKET")
	if !ok || path == "" {
		return
	}
	if path[0] == '@' {
		path = "\x00" + path[1:] // an abstract socket
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return
	}
	defer c.Close()
	c.Write([]byte(state)) // nobody to tell when it fails
}

// watchdog tells systemd that the box lives, as often as it asks to be told, for as long as the box answers on its own
// control socket. A box that hangs is thus restarted.
func (a *app) watchdog(ctx context.Context) {
	text, _ := a.env("WATCHDOG_USEC")
	every, err := strconv.ParseInt(text, 10, 64)
	if err != nil || every <= 0 {
		return
	}
	period := time.Duration(every) * time.Microsecond / 2
	b, err := a.connect()
	if err != nil {
		return
	}
	tick := a.tick(period)
	for {
		asking, cancel := context.WithTimeout(ctx, period)
		if _, err := b.ask(asking, "GET", "/v1/status", nil); err == nil {
			a.notifySystemd("WATCHDOG=1")
		}
		cancel()
		select {
		case <-tick:
		case <-ctx.Done():
			return
		}
	}
}
