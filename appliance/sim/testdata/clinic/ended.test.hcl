test "a caller who hangs up while it rings has abandoned" {
  call { to = "0223450001" }
  expect { ringing = agent.ann }
  wait { time = "10s" }
  hangup {}
  expect {
    ended = "abandoned"
    wait  = "10s"
  }
}

test "a flow says that the line is busy when nobody answers" {
  call { to = "0223450006" }
  agent "bo" { reject = true }
  expect { ended = "busy" }
}

test "a number that leads nowhere fails" {
  call { to = "0299999999" }
  expect { ended = "failed" }
}

test "a trunk brings no more calls than it has channels" {
  call "one" { to = "0223450000" }
  call "two" { to = "0223450000" }
  call "three" { to = "0223450000" }
  call "four" { to = "0223450000" }
  expect {
    ended = "failed"
    on    = "four"
  }
}
