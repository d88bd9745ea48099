package hcl

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

var smsKind = &kind{name: "sms", new: func() any { return new(SMS) }, effect: atOnce, example: `
sms {
  url      = "https://sms.example/send"
  method   = "POST"
  headers  = { Authorization = secret("sms") }
  fields   = { to = "{to}", text = "{text}", sender = "{from}" }
  encoding = "json"
  from     = "Sunrise"
}
`}
