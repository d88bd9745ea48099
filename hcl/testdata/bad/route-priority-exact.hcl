extension "1001" {
}

route "main" {
  number   = "100"
  priority = 5
  to       = extension.1001
}
