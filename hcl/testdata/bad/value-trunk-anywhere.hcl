trunk "pstn" {
  address     = "sip:a.example"
  accept_from = ["0.0.0.0/0"]
}
