queue "claims" {
  agents = [agent.mei]
}

agent "mei" {
}

route "main" {
  to = queu.claims
}
