test "a supervisor is to listen to an agent who talks with nobody" {
  call { to = "0223450000" }
  supervisor "head" { listen = agent.bo }
  expect { talking = agent.bo }
}
