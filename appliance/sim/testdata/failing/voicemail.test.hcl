test "a message is expected that was too short to be kept" {
  at = "2026-03-02T20:00:00+08:00"

  call { to = "0223450000" }
  speak { time = "300ms" }
  hangup {}
  expect {
    voicemail = voicemail.notes
    ended     = "voicemail"
  }
}
