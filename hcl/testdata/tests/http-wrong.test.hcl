test "strange answers" {
  http {
    url    = "erp.example"
    status = 299
  }
  http {
    url  = "https://erp.example/"
    json = {}
    body = "x"
  }
  http {
    url    = "https://erp.example/"
    fail   = "timeout"
    status = 200
  }
  call { to = "1" }
  expect { position = 1 }
}
