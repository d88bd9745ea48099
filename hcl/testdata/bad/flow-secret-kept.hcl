ivr "main" {
  collect "pin" {
    secret = true
  }
  set {
    data = { right = input.pin == "1", pin = "p${input.pin}" }
  }
  tag {
    name  = "pin"
    value = input.pin
  }
  goto = hangup
}
