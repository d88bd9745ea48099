test "a patient who is known is greeted as such" {
  customer {
    number = "+886912345678"
    name   = "Chen"
    fields = { gold = true }
  }

  call {
    from = "0912345678"
    to   = "0223450000"
    via  = trunk.city
  }
  expect {
    data   = { patient = "Chen", gold = true }
    tagged = { patient = "known" }
  }
}
