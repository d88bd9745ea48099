sip {
  origins = ["https://desk.example/login", "desk.example", "https://Desk.example:443", "https://desk.example:99999"]
}
