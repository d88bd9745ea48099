test "what is broken becomes a ticket" {
  call {
    from = "+886912345678"
    to   = "0223450000"
    via  = trunk.city
  }
  press { keys = "4" }
  expect { ticket = { subject = "The tap drips.", status = "open" } }
  expect { sms = { to = "+886912000111", text = "Ticket 1" } }
  expect { mail = { to = "house@dental.example" } }
}
