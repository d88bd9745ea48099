test "something happens" {
  call { to = "1" }
  expect { event = { agent = agent.mei } }
}
