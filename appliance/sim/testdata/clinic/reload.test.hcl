test "a call keeps the flow that it began with, the next has the new one" {
  call "before" { to = "0223450000" }
  expect { playing = prompt.welcome }
  reload {
    file    = "clinic.hcl"
    replace = { "Harbour Dental." = "Harbour Dental, since today with a new welcome." }
  }
  call "after" { to = "0223450000" }
  expect {
    hears = "since today"
    on    = "after"
  }
  press { keys = "*" }
  expect {
    hears = "海港牙醫診所"
  }
  expect { event = { type = "config.applied" } }
}

test "a plugin that does not load changes nothing" {
  http {
    url  = "https://diary.example/*"
    json = { name = "Chen", day = "2026-04-01" }
  }
  reload {
    file    = "plugins/diary.lua"
    text    = "return {"
    refused = true
  }
  expect { event = { type = "config.refused" } }
  call { to = "0223450000" }
  press { keys = "1" }
  press { keys = "4711#" }
  expect { playing = prompt.next }
}

test "a plugin's new code is for new calls" {
  http {
    url  = "https://diary.example/*"
    json = { name = "Chen", day = "2026-04-01" }
  }
  call "old" { to = "0223450000" }
  expect { playing = prompt.choose }
  reload {
    file    = "plugins/diary.lua"
    replace = { "name = res.json.name" = "name = 'Doctor ' .. res.json.name" }
  }
  call "new" { to = "0223450000" }
  press {
    keys = "1"
    on   = "new"
  }
  press {
    keys = "4711#"
    on   = "new"
  }
  expect {
    hears = "Doctor Chen"
    on    = "new"
  }
  press { keys = "1" }
  press { keys = "4711#" }
  expect { result = { next = { name = "Chen" } } }
}
