test "somebody else is expected to talk" {
  call { to = "0223450001" }
  agent "ann" { answer = true }
  expect {
    talking = agent.bo
    within  = "3s"
  }
}
