test "an agent is to hang up who has no call" {
  call { to = "0223450001" }
  hangup { by = "agent" }
  expect { ended = "answered" }
}
