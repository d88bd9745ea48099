queue "claims" {
  agents   = [agent.mei]
  strategy = "longest-idle"
}

agent "mei" {
}
