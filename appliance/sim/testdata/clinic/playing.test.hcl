test "a caller hears the welcome, then the choices, in the language of his choice" {
  at = "2026-03-02T10:00:00+08:00"

  call {
    from = "+886912345678"
    to   = "0223450000"
    via  = trunk.city
  }
  expect { playing = prompt.welcome }
  expect { playing = prompt.choose }
  press { keys = "*" }
  expect {
    playing = prompt.welcome
    hears   = "海港牙醫診所"
  }
  expect {
    playing = prompt.choose
    hears   = "請按 1"
  }
}

test "music plays for who waits" {
  at    = "2026-03-02T10:00:00+08:00"
  ready = [agent.ann]

  call { to = "0223450005" }
  expect { playing = music.hold }
}

test "a recording takes as long as it sounds" {
  call { to = "0223450004" }
  expect { playing = prompt.notice }
  expect { playing = prompt.jingle }
  expect {
    ringing = agent.bo
    after   = "1500ms"
    within  = "1500ms"
  }
}
