test "somebody speaks while nobody listens" {
  call { to = "0223450001" }
  speak { time = "3s" }
  expect { ended = "voicemail" }
}
