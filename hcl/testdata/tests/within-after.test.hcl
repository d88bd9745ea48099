test "too early" {
  call { to = "1" }
  expect {
    position = 1
    after    = "30s"
    within   = "20s"
  }
}
