extension "1001" {
  forward = { when = "busy" }
}
