trunk "a" {
  address   = "sip:a.example"
  caller_id = "+886 2 2700-1234"
}

trunk "b" {
  address   = "sip:b.example"
  caller_id = "+0227001234"
}

trunk "c" {
  address   = "sip:c.example"
  caller_id = "Sunrise"
}
