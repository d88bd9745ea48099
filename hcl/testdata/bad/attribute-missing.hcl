trunk "pstn" {
  channels = 30
}
