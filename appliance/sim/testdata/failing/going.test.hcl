test "an end is expected of a call that goes on" {
  call { to = "0223450001" }
  agent "ann" { answer = true }
  expect {
    ended = "answered"
    talk  = "1h"
    wait  = "1m"
  }
}
