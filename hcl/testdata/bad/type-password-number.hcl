extension "1001" {
  password = 12345678
}
