package hcl

import (
	"crypto/tls"
)

// Web is where browsers and programs reach the box.
type Web struct {
	// Listen is the address of the pages, of /healthz and of /metrics: an IP
	// address and a port from 1 to 65535; port 0 is any that is free.
	Listen string `hcl:"listen" is:"host-port" default:"0.0.0.0:8080"`
	// TLS encrypts them. Without it they are plain HTTP, for a network that is
	// trusted or a proxy in front.
	TLS *WebTLS `hcl:"tls" is:"block"`
}

// WebTLS is where the certificate comes from.
type WebTLS struct {
	// Mode is acme (from a certificate authority, RFC 8555), files (Certificate
	// and Key) or self-signed (made by the box; browsers warn).
	Mode string `hcl:"mode" is:"required acme|files|self-signed"`
	// Domains the certificate is asked for; for acme: ["box.example.com"].
	Domains []string `hcl:"domains" is:"domain"`
	// Email that the authority may write to; for acme.
	Email string `hcl:"email" is:"mail"`
	// Certificate chain as PEM; for files: file("box.pem").
	Certificate string `hcl:"certificate"`
	// Key of the certificate as PEM; for files: file("box.key") or
	// secret("box-key").
	Key Secret `hcl:"key"`
}

var webKind = &kind{name: "web", new: func() any { return new(Web) }, effect: restart, example: `
web {
  listen = "0.0.0.0:8080"

  tls {
    mode    = "acme"
    domains = ["box.example.com"]
    email   = "it@example.com"
  }
}
`}

func (t *WebTLS) check(l *loader, b *block) {
	pem := []string{"certificate", "key"}
	acme := []string{"domains", "email"}
	switch t.Mode {
	case "acme":
		b.needs(l, "tls with mode acme", "domains")
		b.refuses(l, "tls with mode acme", pem)
	case "self-signed":
		b.refuses(l, "tls with mode self-signed", append(pem, "email"))
	case "files":
		b.refuses(l, "tls with mode files", acme)
		if !b.needs(l, "tls with mode files", pem...) || !b.has("certificate") || !b.has("key") {
			return
		}
		if _, err := tls.X509KeyPair([]byte(t.Certificate), []byte(t.Key)); err != nil {
			l.fail(b.at("certificate"), "certificate and key do not fit", "Both are PEM, and the key is the certificate's own: certificate = file(\"box.pem\"), key = file(\"box.key\"). The chain begins with the box's own certificate.")
		}
	}
}
