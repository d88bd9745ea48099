test "another ticket, message and mail are expected" {
  call { to = "0223450000" }
  press { keys = "4" }
  expect {
    ticket = { subject = "The tap drips.", status = "closed" }
    sms    = { to = "+886912000999" }
    mail   = { to = "house@dental.example" }
  }
}
