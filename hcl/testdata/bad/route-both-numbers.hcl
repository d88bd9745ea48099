extension "1001" {
}

route "main" {
  number          = "0227001234"
  number_matching = "^02"
  to              = extension.1001
}
