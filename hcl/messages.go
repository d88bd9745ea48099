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

var smtpKind = &kind{name: "smtp", new: func() any { return new(SMTP) }, effect: atOnce, later: true, example: `
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

// SMS is the gateway that text messages go out by: a web service that is sent a
// form or JSON for each message.
type SMS struct {
	// URL of the gateway.
	URL string `hcl:"url" is:"required web-url"`
	// Method of HTTP.
	Method string `hcl:"method" is:"GET|POST" default:"POST"`
	// Headers that are sent along; secrets may stand here.
	Headers map[string]Secret `hcl:"headers"`
	// Fields that are sent; {to}, {from} and {text} are the message's.
	Fields map[string]string `hcl:"fields"`
	// Encoding of the fields: json or form.
	Encoding string `hcl:"encoding" is:"json|form" default:"json"`
	// From is the sender: a number or up to 11 letters.
	From string `hcl:"from" is:"required 1..20"`
}

var smsKind = &kind{name: "sms", new: func() any { return new(SMS) }, effect: atOnce, later: true, example: `
sms {
  url      = "https://sms.example/send"
  method   = "POST"
  headers  = { Authorization = secret("sms") }
  fields   = { to = "{to}", text = "{text}", sender = "{from}" }
  encoding = "json"
  from     = "Sunrise"
}
`}
