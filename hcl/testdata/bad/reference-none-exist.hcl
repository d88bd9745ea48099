route "main" {
  to = queue.claims
}
