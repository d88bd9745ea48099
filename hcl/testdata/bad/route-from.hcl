extension "1001" {
}

route "main" {
  from   = "phones"
  number = "1"
  to     = extension.1001
}

route "second" {
  from   = extension.1001
  number = "2"
  to     = extension.1001
}
