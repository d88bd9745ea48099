queue "claims" {
  agents = [agent.mei]
}

agent "mei" {
}

route "main" {
  to = queue.claims.waiting
}
