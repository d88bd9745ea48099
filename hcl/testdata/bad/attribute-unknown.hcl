extension "1001" {
  passwort = "hunter2-hunter2"
}
