test "a patient hears the day of the next appointment" {
  at = "2026-03-02T10:00:00+08:00"

  http {
    method = "GET"
    url    = "https://diary.example/patients/4711"
    json   = { name = "Mr Chen", day = "2026-04-01" }
  }

  call { to = "0223450000" }
  press { keys = "1" }
  press { keys = "4711#" }
  expect { hears = "Mr Chen, your next appointment is on" }
  expect { ended = "self_service" }
}
