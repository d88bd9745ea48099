package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// The commands are clients of the box's HTTP API like any other. With --json they hand on what the box said, byte for
// byte; for people they decode only what they print, so that a command and a box of different versions understand each
// other.

// socketName is the control socket's name in the data directory.
const socketName = "control.sock"

// answerTime is how long the box may think before it answers.
const answerTime = 30 * time.Second

// boxClient speaks to one box.
type boxClient struct {
	http  *http.Client
	base  string
	token string
	where string // as people know it
}

// errNoBox is what it means that nobody answers.
var errNoBox = errors.New("no box answers")

// boxFlags adds what commands have that speak to a running box.
func (a *app) boxFlags(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&a.box, "box", "", "the box at this `address` instead of the one in --data: a control socket, or https://HOST with its token in CALLBOX_TOKEN")
	return cmd
}

// connect finds the box. It does not speak to it yet.
func (a *app) connect() (*boxClient, error) {
	if scheme, _, _ := strings.Cut(a.box, "://"); scheme == "http" || scheme == "https" {
		token, _ := a.env("CALLBOX_TOKEN")
		return &boxClient{http: http.DefaultClient, base: strings.TrimSuffix(a.box, "/"), token: token, where: a.box}, nil
	}
	path := strings.TrimPrefix(strings.TrimPrefix(a.box, "unix:"), "//")
	if path == "" {
		path = a.data
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() || a.box == "" {
		path = filepath.Join(path, socketName)
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	return &boxClient{http: &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}, base: "http://box", where: path}, nil
}

// do sends one request; the caller closes the body. Every status from 300 on is an error.
func (b *boxClient) do(ctx context.Context, method, path string, body io.Reader) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, b.base+path, body)
	if err != nil {
		return nil, usageError(fmt.Errorf("--box %s: %w", b.where, err))
	}
	if b.token != "" {
		req.Header.Set("Authorization", "Bearer "+b.token)
	}
	res, err := b.http.Do(req)
	if err != nil {
		return nil, b.unreachable(err)
	}
	if res.StatusCode < 300 {
		return res.Body, nil
	}
	defer res.Body.Close()
	return nil, refusal(res)
}

func usageError(err error) error { return &failure{exitUsage, err, "See callbox help"} }

// unreachable says why nobody answers, and what to do.
func (b *boxClient) unreachable(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fail(fmt.Errorf("%w on %s", errNoBox, b.where), "Start one with callbox run DIR, or name the data directory of the one that runs with --data")
	case errors.Is(err, fs.ErrPermission):
		return fail(fmt.Errorf("%s belongs to another user", b.where), "Run this command as the user of the box, or with sudo")
	case errors.Is(err, context.DeadlineExceeded):
		return fail(fmt.Errorf("the box on %s did not answer within %s", b.where, answerTime), "Look into its log; callbox doctor looks for the usual causes")
	}
	return fail(fmt.Errorf("%s: %w", b.where, err), "callbox doctor looks for the usual causes")
}

// refusal turns a problem (RFC 9457) into an error.
func refusal(res *http.Response) error {
	var p struct{ Title, Detail string }
	body, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if json.Unmarshal(body, &p) != nil || p.Title == "" {
		p.Title = res.Status
	}
	if p.Detail == "" {
		p.Detail = p.Title
	}
	todo := "The box's log may say more"
	switch res.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		todo = "Put a token of this box into CALLBOX_TOKEN"
	case http.StatusNotFound:
		todo = "Look at what there is, and check the spelling"
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		todo = "Correct that and try again"
	case http.StatusConflict:
		todo = "Try again in a moment"
	}
	return fail(errors.New(p.Detail), "%s", todo)
}

// ask sends one request and returns the whole answer.
func (b *boxClient) ask(ctx context.Context, method, path string, body io.Reader) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	in, err := b.do(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out, err := io.ReadAll(in)
	if err != nil {
		return nil, b.unreachable(err)
	}
	return out, nil
}

// tell sends JSON.
func (b *boxClient) tell(ctx context.Context, method, path string, v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return b.ask(ctx, method, path, bytes.NewReader(body))
}

// decode reads an answer of the box.
func decode[T any](body []byte) (T, error) {
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		return v, fail(fmt.Errorf("the box's answer makes no sense: %w", err), "Use a callbox command of the box's own version; callbox version and callbox status show both")
	}
	return v, nil
}
