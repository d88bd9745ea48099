test "a caller waits" {
  call {
    form = "+886912345678"
    to   = "0227001234"
  }
  expect { queud = queue.claims }
}
