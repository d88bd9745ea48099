test "an end" {
  at = "2026-03-02 10:00"
  call { to = "1" }
  expect {
    ended = "answerd"
    talk  = 3
    tagged = 4
  }
}
