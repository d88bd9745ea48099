test "a patient asks to be called back" {
  at = "2026-03-02T10:00:00+08:00"

  call {
    from = "+886912345678"
    to   = "0223450000"
    via  = trunk.city
  }
  press { keys = "5" }
  expect { callback = queue.desk }
}
