test "another queue and another place are expected" {
  at    = "2026-03-02T10:00:00+08:00"
  ready = [agent.ann]

  call "first" { to = "0223450005" }
  call "second" { to = "0223450005" }
  expect { ringing = agent.ann }
  expect {
    queued   = queue.desk
    position = 1
    within   = "5s"
    on       = "second"
  }
}
