test "two wait, and the first in line is served first" {
  at    = "2026-03-02T10:00:00+08:00"
  ready = [agent.ann]

  call "first" { to = "0223450005" }
  expect {
    queued   = queue.desk
    position = 1
  }
  call "second" { to = "0223450005" }
  expect {
    queued   = queue.desk
    position = 2
    on       = "second"
  }
  expect { ringing = agent.ann }
  agent "ann" { answer = true }
  expect { talking = agent.ann }
  expect {
    position = 1
    on       = "second"
  }
  hangup { by = "agent" }
  expect {
    ringing = agent.ann
    after   = "20s"
    within  = "21s"
    on      = "second"
  }
}

test "an agent who saves the form early is rung at once" {
  at    = "2026-03-02T10:00:00+08:00"
  ready = [agent.ann]

  call "first" { to = "0223450005" }
  agent "ann" { answer = true }
  call "second" { to = "0223450005" }
  wait { time = "10s" }
  agent "ann" { hangup = true }
  agent "ann" { finish = true }
  expect {
    ringing = agent.ann
    within  = "1s"
    on      = "second"
  }
}

test "who waits too long leaves a note" {
  at    = "2026-03-02T10:00:00+08:00"
  ready = [agent.ann]

  call { to = "0223450005" }
  expect { queued = queue.desk }
  expect {
    playing = prompt.closed
    after   = "2m"
  }
  hangup {}
  expect { event = { type = "queue.overflowed", queue = queue.desk } }
}
