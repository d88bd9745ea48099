trunk "pstn" {
  address     = "sip:a.example"
  accept-from = ["198.51.100.0/24"]
}
