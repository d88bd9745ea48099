extension "1001" {
}

route "main" {
  to = "1001"
}
