test "an answer that comes too late" {
  call { to = "1" }
  http { url = "https://erp.example/" }
  ready = [agent.mei]
  expect { position = 1 }
}
