queue "claims" {
  agents = [agent.mei]
  service_level {
    target = 80
  }
}

agent "mei" {
}
