trunk "pstn" {
  address = "sip:a.example"
}

extension "1001" {
}

route "a" {
  number = "0227001234"
  to     = extension.1001
}

route "b" {
  from   = trunk.pstn
  number = "0227001234"
  to     = extension.1001
}
