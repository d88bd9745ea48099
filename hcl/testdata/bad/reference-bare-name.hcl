extension "lobby" {
}

route "main" {
  to = lobby
}
