extension "1001" {
  password = "hunter2-hunter2
}
