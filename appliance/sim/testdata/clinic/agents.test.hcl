test "an agent becomes ready, pauses, and signs off" {
  at = "2026-03-02T10:00:00+08:00"

  call { to = "0223450005" }
  expect { queued = queue.desk }
  agent "bo" { ready = true }
  expect { ringing = agent.bo }
  agent "bo" { reject = true }
  agent "bo" { pause = "lunch" }
  expect { event = { type = "agent.status", agent = agent.bo, status = "paused", reason = "lunch" } }
  agent "bo" { offline = true }
  expect { event = { type = "agent.logout", agent = agent.bo } }
  supervisor "head" { ready = agent.ann }
  expect { ringing = agent.ann }
  agent "ann" { answer = true }
  supervisor "head" { listen = agent.ann }
  supervisor "head" { barge = agent.ann }
  supervisor "head" { leave = true }
  expect { event = { type = "agent.activity", agent = agent.ann, activity = "talking" } }
  supervisor { pause = agent.ann }
  hangup {}
  expect { event = { type = "agent.status", agent = agent.ann, status = "paused", by = "supervisor" } }
}

test "an agent whose phone is gone is not reached" {
  at    = "2026-03-02T10:00:00+08:00"
  ready = [team.desk]

  agent "ann" { vanish = true }
  call { to = "0223450005" }
  expect { ringing = agent.bo }
}

test "whose agent's phone vanishes in the talk waits at the front again" {
  at    = "2026-03-02T10:00:00+08:00"
  ready = [agent.ann]

  call "first" { to = "0223450005" }
  agent "ann" { answer = true }
  call "second" { to = "0223450005" }
  expect {
    position = 1
    on       = "second"
  }
  agent "ann" { vanish = true }
  expect {
    queued   = queue.desk
    position = 1
  }
  expect {
    position = 2
    on       = "second"
  }
  agent "bo" { ready = true }
  expect { ringing = agent.bo }
}

test "an agent who calls somebody is not rung" {
  at    = "2026-03-02T10:00:00+08:00"
  ready = [agent.ann]

  call "out" {
    to  = "0912000333"
    via = agent.ann
  }
  expect { talking = number("0912000333") }
  call "in" { to = "0223450005" }
  expect {
    queued = queue.desk
    after  = "10s"
    on     = "in"
  }
  hangup { on = "out" }
  expect {
    ringing = agent.ann
    within  = "1s"
    on      = "in"
  }
}
