test "what a caller waits is counted from the start of the call to the answer" {
  call { to = "0223450001" }
  expect { ringing = agent.ann }
  wait { time = "12s" }
  agent "ann" { answer = true }
  hangup {}
  expect { wait = "12s" }
}
