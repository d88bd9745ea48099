trunk "pstn" {
  address = "sip:a.example"
}

route "out" {
  from            = phones
  number_matching = "^0"
  class           = "domestic"
  to              = trunk.pstn
}
