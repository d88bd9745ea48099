package hcl

// SMTP is the mail server that mail goes out by.
type SMTP struct {
	// Server and port: "mail.example.com:587".
	Server string `hcl:"server" is:"required server"`
	// Username there.
	Username string `hcl:"username" is:"1..256"`
	// Password there: secret("smtp").
	Password Secret `hcl:"password"`
	// From is the sender's address.
	From string `hcl:"from" is:"required mail"`
	// TLS: starttls (RFC 3207), implicit (RFC 8314) or off.
	TLS string `hcl:"tls" is:"starttls|implicit|off" default:"starttls"`
}

var smtpKind = &kind{name: "smtp", new: func() any { return new(SMTP) }, effect: atOnce, example: `
smtp {
  server   = "mail.example.com:587"
  username = "callbox"
  password = secret("smtp")
  from     = "callbox@example.com"
  tls      = "starttls"
}
`}

func (s *SMTP) check(l *loader, b *block) {
	if b.has("password") && s.TLS == "off" {
		l.fail(b.at("tls"), "the password would travel in the clear", `Use tls = "starttls" or "implicit".`)
	}
}
