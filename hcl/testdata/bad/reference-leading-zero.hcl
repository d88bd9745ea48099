extension "0101" {
}

route "main" {
  to = extension.101
}
