test "keys are pressed behind the end of the call" {
  call { to = "0223450000" }
  press { keys = "9" }
  hangup {}
  press { keys = "1" }
  expect { playing = prompt.welcome }
}
