ivr "claims" {
  hangup {}
}

route "main" {
  to = queue.claims
}
