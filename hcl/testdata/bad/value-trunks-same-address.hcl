trunk "a" {
  address     = "sip:a.example"
  accept_from = ["198.51.100.0/24"]
}

trunk "b" {
  address     = "sip:b.example"
  accept_from = ["198.51.100.0/24"]
}
