voicemail "office" {
  pin = "hunter2"
}
