route "main" {
  number = "0227001234"
}
