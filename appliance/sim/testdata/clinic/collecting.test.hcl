test "the flow asks for the choice, then for the patient's number" {
  at = "2026-03-02T10:00:00+08:00"

  call { to = "0223450000" }
  expect { collecting = "choose" }
  press { keys = "1" }
  expect {
    collecting = "patient"
    playing    = prompt.ask_id
  }
}
