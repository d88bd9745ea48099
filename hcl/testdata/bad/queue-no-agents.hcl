queue "claims" {
  max_wait = "5m"
}
