ivr "main" {
  collect {
    digits = "4"
  }
}
