ivr "main" {
  collect "n" {
    digits = "12-4"
  }
}
