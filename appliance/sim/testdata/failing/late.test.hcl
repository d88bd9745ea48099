test "what is expected comes too late, and what came before does not count" {
  at    = "2026-03-02T10:00:00+08:00"
  ready = [agent.ann]

  call { to = "0223450005" }
  expect {
    event  = { type = "queue.offered", agent = agent.ann }
    after  = "1s"
    within = "10s"
  }
}
