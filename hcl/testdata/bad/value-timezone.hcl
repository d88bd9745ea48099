appliance {
  timezone = "Asia/Taipeh"
}
