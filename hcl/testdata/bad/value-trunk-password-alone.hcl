trunk "pstn" {
  address  = "sip:a.example"
  password = secret("pstn")
}
