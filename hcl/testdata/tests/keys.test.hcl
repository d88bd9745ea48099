test "a letter is pressed" {
  call { to = "1" }
  press { keys = "1 2" }
  expect { position = 1 }
}
