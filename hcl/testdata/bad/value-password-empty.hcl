extension "1001" {
  password = ""
}
