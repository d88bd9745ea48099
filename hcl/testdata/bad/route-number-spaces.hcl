extension "1001" {
}

route "main" {
  number = "02 2700 1234"
  to     = extension.1001
}
