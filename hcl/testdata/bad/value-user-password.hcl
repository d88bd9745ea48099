user "boss" {
  password = "hunter2"
}
