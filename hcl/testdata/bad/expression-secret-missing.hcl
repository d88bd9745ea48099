extension "1001" {
  password = secret("missing-1001")
}
