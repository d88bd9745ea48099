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
