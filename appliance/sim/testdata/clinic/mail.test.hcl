test "the head hears of long calls" {
  call { to = "0223450001" }
  agent "ann" { answer = true }
  wait { time = "11m" }
  hangup {}
  expect { mail = { to = "head@dental.example", text = "answered" } }
}
