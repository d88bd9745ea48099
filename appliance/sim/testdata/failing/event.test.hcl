test "an event is expected that happened otherwise" {
  call "first" { to = "0223450001" }
  call "second" { to = "0223450000" }
  expect { event = { type = "call.entered", kind = "extension", name = "102" } }
}
