test "another result is expected" {
  http {
    url  = "https://diary.example/*"
    json = { name = "Chen", day = "2026-04-01" }
  }
  call { to = "0223450000" }
  press { keys = "1" }
  press { keys = "4711#" }
  expect { result = { next = { found = true, name = "Lin" } } }
}
