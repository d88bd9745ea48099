test "at night a note is left" {
  at = "2026-03-02T20:00:00+08:00"

  call { to = "0223450000" }
  expect { playing = prompt.closed }
  speak { time = "12s" }
  hangup {}
  expect {
    voicemail = voicemail.notes
    ended     = "voicemail"
  }
}

test "a note ends by itself when nothing more is said" {
  at = "2026-03-02T20:00:00+08:00"

  call { to = "0223450000" }
  speak { time = "3s" }
  expect {
    voicemail = voicemail.notes
    within    = "1m"
  }
}

test "a note is kept when the caller says so" {
  at = "2026-03-02T20:00:00+08:00"

  call { to = "0223450000" }
  speak { time = "3s" }
  press { keys = "#" }
  press { keys = "1" }
  expect { voicemail = voicemail.notes }
}
