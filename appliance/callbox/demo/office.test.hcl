# What callers of this office experience, proved without a phone: callbox test .

test "a caller who wants sales reaches whoever is there" {
  ready = [agent.jun]

  call {
    from = "1003"
    to   = "700"
    via  = extension.1003
  }
  expect { playing = prompt.welcome }
  press { keys = "1" }
  expect {
    ringing = agent.jun
    within  = "10s"
  }
  agent "jun" { answer = true }
  expect { talking = agent.jun }
  hangup { by = "caller" }
  expect { ended = "answered" }
}

test "when nobody is there a message is taken" {
  call {
    from = "1003"
    to   = "700"
    via  = extension.1003
  }
  expect { playing = prompt.welcome }
  press { keys = "1" }
  expect { playing = prompt.closed }
  speak { time = "10s" }
  hangup { by = "caller" }
  expect {
    voicemail = voicemail.office
    ended     = "voicemail"
  }
}
