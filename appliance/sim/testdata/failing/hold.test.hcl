test "an agent is to hold who talks with nobody" {
  call { to = "0223450000" }
  agent "bo" { hold = true }
  expect { talking = agent.bo }
}
