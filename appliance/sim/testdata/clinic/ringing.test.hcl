test "nobody answers the desk, and the back office does" {
  call { to = "0223450001" }
  expect { ringing = agent.ann }
  expect {
    ringing = extension.103
    after   = "25s"
    within  = "26s"
  }
  expect { talking = extension.103 }
  wait { time = "1m" }
  hangup { by = "callee" }
  expect {
    ended = "answered"
    talk  = "1m"
  }
}

test "an agent who declines is not rung any longer" {
  call { to = "0223450001" }
  agent "ann" { reject = true }
  expect { ringing = agent.bo }
  agent "bo" { answer = true }
  expect { talking = agent.bo }
}

test "an agent at home is rung by a trunk" {
  call { to = "0223450003" }
  expect { ringing = agent.cy }
  agent "cy" { answer = true }
  expect { talking = agent.cy }
  expect { talking = number("+886912000111") }
}
