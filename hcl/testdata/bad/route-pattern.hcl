extension "1001" {
}

route "main" {
  number_matching = "^(02[0-9]+$"
  to              = extension.1001
}
