trunk "pstn" {
  address = "sip:a.example"
  health  = "1s"
}
