extension "1001" {
  voicemail = "yes"
}
