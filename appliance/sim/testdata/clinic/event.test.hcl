test "a key that is pressed is a fact, and so is what comes of it" {
  call { to = "0223450000" }
  press { keys = "*" }
  expect { event = { type = "call.digit", digit = "*" } }
  expect { event = { type = "call.entered", kind = "ivr", name = "main" } }
}
