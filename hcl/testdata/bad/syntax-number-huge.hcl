trunk "pstn" {
  address  = "sip:a.example"
  channels = 1e999999999
}
