queue "claims" {
  agents = [team.all]
}

team "all" {
}

route "main" {
  to = queue.claim
}
