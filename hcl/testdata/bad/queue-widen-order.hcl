queue "claims" {
  agents = [agent.mei]
  widen {
    after  = "60s"
    skills = { claims = 1 }
  }
  widen {
    after  = "30s"
    skills = { claims = 2 }
  }
}

agent "mei" {
}
