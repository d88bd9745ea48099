extension "1001" {
}

route "main" {
  to = "extension.1001"
}
