trunk "pstn" {
  address = "sip:a.example"
}

extension "1001" {
}

route "out" {
  from   = phones
  number = "9"
  to     = [extension.1001, trunk.pstn]
}
