test "a caller waits" {
  ready = [agent.mai]
  call {
    to  = "0227001234"
    via = trunk.ptsn
  }
  agent "lea" { answer = true }
  supervisor "bos" { leave = true }
  expect { queued = queue.claim }
}
