test "an expect that names no call stands before any" {
  expect {
    playing = prompt.welcome
    within  = "1s"
  }
  call { to = "0223450000" }
}
