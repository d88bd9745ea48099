test "an agent is to answer whose phone does not ring" {
  call { to = "0223450000" }
  agent "bo" { answer = true }
  expect { talking = agent.bo }
}
