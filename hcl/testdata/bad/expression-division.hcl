trunk "pstn" {
  address  = "sip:a.example"
  channels = 30 / 0
}
