trunk "pstn" {
  address  = "sip:a.example"
  channels = -1
}
