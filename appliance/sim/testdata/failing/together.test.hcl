test "two things are expected at one moment that come one after the other" {
  call { to = "0223450000" }
  expect {
    playing    = prompt.welcome
    collecting = "choose"
    within     = "10s"
  }
}
