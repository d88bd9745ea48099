test "a patient asks to be called back" {
  at = "2026-03-02T10:00:00+08:00"

  call {
    from = "+886912345678"
    to   = "0223450000"
    via  = trunk.city
  }
  press { keys = "5" }
  expect { callback = queue.desk }
}

test "who asked to be called back is, and speaks with the agent who was kept for him" {
  at = "2026-03-02T10:00:00+08:00"

  call {
    from = "+886912345678"
    to   = "0223450000"
    via  = trunk.city
  }
  press { keys = "5" }
  expect { callback = queue.desk }
  agent "ann" { ready = true }
  expect { event = { type = "queue.callback", state = "reached", number = "+886912345678" } }
  agent "ann" { answer = true }
  expect { event = { type = "call.answered", who = "agent.ann" } }
}
