agent "mei" {
}

team "claims" {
  agents = agent.jun
}
