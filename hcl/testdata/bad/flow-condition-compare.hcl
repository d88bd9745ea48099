queue "claims" {
  agents = [agent.mei]
}

agent "mei" {
}

ivr "main" {
  when {
    condition = queue.claims.waiting > "many"
    goto      = hangup
  }
}
