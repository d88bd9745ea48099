test "other data is expected" {
  customer {
    number = "+886912345678"
    name   = "Chen"
    fields = { gold = true }
  }
  call {
    from = "+886912345678"
    to   = "0223450000"
  }
  expect {
    data   = { patient = "Lin", gold = true }
    tagged = { patient = "known" }
  }
}
