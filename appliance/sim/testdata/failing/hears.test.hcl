test "other words are expected" {
  call { to = "0223450000" }
  expect {
    hears  = "Harbour Dental"
    after  = "2s"
    within = "3s"
  }
}
