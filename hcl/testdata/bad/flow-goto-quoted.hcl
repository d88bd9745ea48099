queue "claims" {
  agents = [agent.mei]
}

agent "mei" {
}

ivr "main" {
  goto = "queue.claims"
}
