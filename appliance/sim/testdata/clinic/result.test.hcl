test "the diary knows the patient" {
  http {
    url   = "https://diary.example/patients/4711"
    json  = { name = "Chen", day = "2026-04-01" }
    times = 1
    delay = "700ms"
  }
  http {
    url    = "https://diary.example/patients/4711"
    status = 404
  }

  call "first" { to = "0223450000" }
  press { keys = "1" }
  press { keys = "4711#" }
  expect {
    result = { next = { found = true, name = "Chen" } }
    after  = "700ms"
    within = "700ms"
  }
  call "second" { to = "0223450000" }
  press {
    keys = "1"
    on   = "second"
  }
  press {
    keys = "4711#"
    on   = "second"
  }
  expect {
    result  = { next = { found = false } }
    playing = prompt.none
    on      = "second"
  }
}
