test "a plugin asks what the test does not answer" {
  call { to = "0223450000" }
  press { keys = "1" }
  press { keys = "4711#" }
  expect { hears = "appointment" }
}
