trunck "pstn" {
  address = "sip:a.example"
}
