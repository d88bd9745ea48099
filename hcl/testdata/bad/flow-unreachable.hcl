ivr "main" {
  goto = hangup
  wait {
    time = "1s"
  }
}
