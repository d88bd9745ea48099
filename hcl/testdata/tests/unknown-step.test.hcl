test "a caller waits" {
  call { to = "0227001234" }
  pres { keys = "1" }
  expect { queued = queue.claims }
}
