test "another phone is expected to ring" {
  call { to = "0223450001" }
  expect {
    ringing = agent.bo
    within  = "3s"
  }
}
