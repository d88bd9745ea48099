test "nothing is asked" {
  call { to = "1" }
  expect {}
}
