test "the diary is down, and the call says so" {
  http {
    url  = "https://diary.example/*"
    fail = "refused"
  }

  call { to = "0223450000" }
  press { keys = "1" }
  press { keys = "4711#" }
  expect { tagged = "diary_down" }
}

test "a diary that is slow is not waited for" {
  http {
    url   = "https://diary.example/*"
    json  = { name = "Chen", day = "2026-04-01" }
    delay = "10s"
  }

  call { to = "0223450000" }
  press { keys = "1" }
  press { keys = "4711#" }
  expect {
    tagged = ["diary_down"]
    after  = "2s"
    within = "2s"
  }
}
