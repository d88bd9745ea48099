test "a key for nobody" {
  press { keys = "1" }
  expect { position = 1 }
}
