test "the wrong prompt is expected" {
  call { to = "0223450000" }
  expect { playing = prompt.closed }
}
