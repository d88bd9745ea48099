package record

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"callbox/hcl"

	"github.com/wneessen/go-mail"
)

// verdict is what a failure means for a letter.
type verdict uint8

const (
	unreachable verdict = iota // nobody's mail goes out now: connection, TLS, password, sender
	later                      // this letter may go out later
	refused                    // it never will
	tooLarge                   // it never will with its sound
)

// verdictOf reads a failure (RFC 5321 section 4.2.1): what begins with 5 about a recipient or the content stays so.
func verdictOf(err error) verdict {
	var sent *mail.SendError
	switch {
	case errors.Is(err, ErrGone), errors.Is(err, errUnwritten):
		return refused
	case !errors.As(err, &sent):
		return unreachable
	}
	code := sent.ErrorCode()
	switch sent.Reason {
	case mail.ErrSMTPRcptTo, mail.ErrSMTPData, mail.ErrSMTPDataClose, mail.ErrGetRcpts, mail.ErrWriteContent, mail.ErrSMTPMailFrom:
	default:
		return unreachable
	}
	switch {
	case code == 552 || code == 523:
		return tooLarge
	case sent.Reason == mail.ErrSMTPMailFrom:
		return unreachable
	case code >= 500:
		return refused
	case code >= 400:
		return later
	}
	return unreachable
}

// mail sends one letter.
func (b *Boxes) mail(ctx context.Context, cfg *hcl.Config, l letter, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, mailTime)
	defer cancel()
	sound, err := b.read(m)
	if err != nil {
		return err
	}
	defer func() { _ = sound.Close() }()
	if l.Bare || m.Size > maxSound {
		sound = nil
	}
	msg, err := write(cfg, l, m, sound)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnwritten, err)
	}
	client, err := b.client(ctx, cfg.SMTP)
	if err != nil {
		return err
	}
	if err = client.DialAndSendWithContext(ctx, msg); msg.IsDelivered() {
		return nil // what went wrong afterwards, in parting, must not bring it twice
	}
	return err
}

var errUnwritten = errors.New("the mail could not be written")

// write makes a letter a mail. Its Message-ID stays the same from try to try, so that one that arrives twice is known for it.
func write(cfg *hcl.Config, l letter, m Message, sound *reading) (*mail.Msg, error) {
	c := compose(cfg, m, sound == nil)
	msg := mail.NewMsg()
	if err := errors.Join(msg.From(cfg.SMTP.From), msg.To(l.To)); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(cfg.SMTP.From, "@")
	msg.Subject(c.subject)
	msg.SetDateWithValue(m.Left)
	msg.SetMessageIDWithValue(l.ID + "@" + domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's holiday answers it
	msg.SetBodyString(mail.TypeTextPlain, c.body)
	if sound != nil {
		msg.AttachReadSeeker(c.file, sound.in, mail.WithFileContentType("audio/wav"))
	}
	return msg, nil
}

// client is the way to the server. It gives up as soon as ctx ends, also in the middle of a word.
func (b *Boxes) client(ctx context.Context, s *hcl.SMTP) (*mail.Client, error) {
	host, port, err := net.SplitHostPort(s.Server)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	secure := &tls.Config{ServerName: host, RootCAs: b.o.Roots, MinVersion: tls.VersionTLS12}
	dial := func(dialling context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(dialling, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		if s.TLS == "implicit" {
			return tls.Client(conn, secure), nil
		}
		return conn, nil
	}
	options := []mail.Option{
		mail.WithPort(n), mail.WithTimeout(mailTime), mail.WithDialContextFunc(dial), mail.WithTLSConfig(secure), mail.WithTLSPolicy(mail.NoTLS),
	}
	if s.TLS == "starttls" {
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if s.Username != "" { // the library sends no password in the clear
		options = append(options, mail.WithUsername(s.Username), mail.WithPassword(s.Password.Reveal()), mail.WithOpportunisticSMTPAuth(
			mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthPlain, mail.SMTPAuthLogin, mail.SMTPAuthCramMD5))
	}
	return mail.NewClient(host, options...)
}
