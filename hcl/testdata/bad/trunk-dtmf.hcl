trunk "pstn" {
  address = "sip:sbc.carrier.example"
  dtmf    = "rfc2833"
  trusted = "maybe"
}

extension "1001" {
  follow_redirects = "always"
}
