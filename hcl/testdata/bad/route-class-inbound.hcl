extension "1001" {
}

route "main" {
  class = "national"
  to    = extension.1001
}
