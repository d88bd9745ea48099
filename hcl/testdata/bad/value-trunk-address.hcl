trunk "a" {
  address = "sbc.carrier.example:5060"
}

trunk "b" {
  address = "sip:sbc.carrier.example:99999"
}

trunk "c" {
  address = "sip:sbc.carrier.example;transport=upd"
}

trunk "d" {
  address = "sip:user:hunter2@sbc.carrier.example"
}

trunk "e" {
  address = "sip:300.1.2.3"
}
