test "a phone that talks is busy for the next caller" {
  call "first" { to = "0223450001" }
  expect { ringing = agent.ann }
  agent "ann" { answer = true }
  expect { talking = extension.101 }

  call "second" { to = "0223450001" }
  expect {
    ringing = extension.102
    on      = "second"
  }
  agent "bo" {
    answer = true
    on     = "second"
  }
  expect {
    talking = agent.bo
    on      = "second"
  }
  hangup { on = "second" }
  expect {
    ended = "answered"
    on    = "second"
  }
  expect { talking = agent.ann }
}

test "an agent calls out" {
  call {
    to  = "0912000333"
    via = agent.bo
  }
  expect { ringing = number("+886912000333") }
  expect {
    talking = number("+886912000333")
    event   = { type = "call.answered", trunk = "city" }
  }
}

test "a caller is held, and nothing of that is talk" {
  call { to = "0223450001" }
  agent "ann" { answer = true }
  wait { time = "30s" }
  agent "ann" { hold = true }
  expect { playing = music.hold }
  wait { time = "45s" }
  agent "ann" { hold = false }
  wait { time = "15s" }
  agent "ann" { hangup = true }
  expect {
    ended = "answered"
    talk  = "45s"
  }
}

test "an agent passes a caller on" {
  call { to = "0223450001" }
  agent "ann" { answer = true }
  agent "ann" { transfer = extension.102 }
  expect { ringing = agent.bo }
  agent "bo" { answer = true }
  expect {
    talking = agent.bo
    event   = { type = "call.transferred", to = "extension.102", kind = "blind" }
  }
}

test "who does not reach the surgery reaches its mobile" {
  call { to = "0223450004" }
  expect { ringing = agent.bo }
  expect {
    talking = number("0912000222")
    data    = { tried = "surgery" }
    after   = "14s"
    within  = "15s"
  }
}
