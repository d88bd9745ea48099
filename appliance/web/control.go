package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ServeUnix opens the control socket at path and serves the whole API there. It returns when the socket is open. Only the
// user whom the box runs as, and root, can connect: the socket's mode is 0600 from its first moment.
//
// A socket that a killed box left behind is replaced. One that a living box answers on is an error.
func (s *Server) ServeUnix(path string) error {
	const most = len(syscall.RawSockaddrUnix{}.Path) - 1
	if len(path) > most {
		return fmt.Errorf("control socket %s: the path has %d bytes, a unix socket may have %d: choose a shorter --data", path, len(path), most)
	}
	l, err := listenPrivate(path)
	if errors.Is(err, syscall.EADDRINUSE) {
		if err := removeDead(path); err != nil {
			return err
		}
		l, err = listenPrivate(path)
	}
	if err != nil {
		return fmt.Errorf("control socket %s: %w", path, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.control != nil {
		l.Close()
		return fmt.Errorf("control socket %s: the server is closed or has one already", path)
	}
	s.control = s.serve(path, l, s.guard(s.controlRoutes()))
	return nil
}

// listenPrivate binds with mode 0600. The mode is set on the socket before it has a name (Linux keeps it), because a
// chmod afterwards leaves a moment in which everybody can connect.
func listenPrivate(path string) (net.Listener, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = unix.Fchmod(int(fd), 0o600) })
		return errors.Join(err, failed)
	}}
	return lc.Listen(context.Background(), "unix", path)
}

// removeDead removes a socket that nobody answers on.
func removeDead(path string) error {
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
		return fmt.Errorf("another box runs on this data directory (it answers on %s): end it, or choose another --data", path)
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("control socket %s: something else has this name: move it away, or choose another --data", path)
	}
	return os.Remove(path)
}

type peerKey struct{}

// withPeer remembers who is at the other end of a control connection, as the kernel knows it.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return ctx
	}
	var cred *unix.Ucred
	raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err != nil || cred == nil {
		return ctx
	}
	return context.WithValue(ctx, peerKey{}, cred.Uid)
}

// who is the user behind a request, for the list of generations.
func who(ctx context.Context) string {
	uid, ok := ctx.Value(peerKey{}).(uint32)
	if !ok {
		return "control"
	}
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "uid " + id
}
