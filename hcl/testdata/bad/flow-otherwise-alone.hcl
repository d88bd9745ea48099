ivr "main" {
  otherwise {
    goto = hangup
  }
}
