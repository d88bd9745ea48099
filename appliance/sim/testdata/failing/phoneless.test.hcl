test "an agent without a phone of the box calls" {
  call {
    to  = "101"
    via = agent.cy
  }
  expect { ringing = extension.101 }
}
