extension "1001" {
}

route "main" {
  number = 0227001234
  to     = extension.1001
}
