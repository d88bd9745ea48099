trunk "pstn" {
  address  = "sip:a.example"
  register = true
}
