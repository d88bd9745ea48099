test "another end is expected" {
  call { to = "0223450001" }
  expect { ringing = agent.ann }
  hangup {}
  expect { ended = "answered" }
}
