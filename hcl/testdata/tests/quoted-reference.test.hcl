test "a reference in quotes" {
  call { to = "1" }
  expect { playing = "prompt.welcome" }
}
