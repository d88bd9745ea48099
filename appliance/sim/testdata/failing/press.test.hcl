test "keys are pressed where nobody takes them" {
  call { to = "0223450001" }
  press { keys = "12" }
  expect { playing = prompt.welcome }
}
