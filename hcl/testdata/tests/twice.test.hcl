test "a caller waits" {
  call { to = "1" }
  expect { position = 1 }
}
test "a caller waits" {
  call { to = "1" }
  expect { position = 1 }
}
