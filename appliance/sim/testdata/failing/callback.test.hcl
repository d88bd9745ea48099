test "a callback is expected that nobody asked for" {
  at    = "2026-03-02T10:00:00+08:00"
  ready = [agent.ann]

  call { to = "0223450005" }
  agent "ann" { answer = true }
  hangup {}
  expect {
    callback = queue.desk
    event    = { type = "queue.answered", agent = agent.bo }
  }
}
