test "another tag is expected" {
  customer {
    number = "+886912345678"
    name   = "Chen"
    fields = { gold = true }
  }
  call {
    from = "+886912345678"
    to   = "0223450000"
  }
  expect { tagged = { patient = "new" } }
}
