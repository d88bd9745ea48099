test "another question is expected" {
  call { to = "0223450000" }
  expect {
    collecting = "patient"
    within     = "5s"
  }
}
