test "who cares for the house gets a short message" {
  call { to = "0223450000" }
  press { keys = "4" }
  expect { sms = { text = "Ticket 1" } }
}
