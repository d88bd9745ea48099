route "main" {
  to = "+886912345678"
}
