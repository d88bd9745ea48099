test "an event is expected that never happened" {
  call { to = "0223450001" }
  expect { event = { type = "queue.missed", agent = agent.ann } }
}
