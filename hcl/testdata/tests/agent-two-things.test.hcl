test "an agent in a hurry" {
  call { to = "1" }
  agent "mei" {
    answer = true
    hangup = true
  }
  agent "mei" {}
  agent "mei" { answer = false }
  expect { position = 1 }
}
