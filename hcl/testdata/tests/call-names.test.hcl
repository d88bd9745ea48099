test "two callers" {
  call { to = "1" }
  call { to = "2" }
  call "second" { to = "3" }
  hangup { on = "secnd" }
  expect { position = 1 }
}
