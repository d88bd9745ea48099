ivr "main" {
  when {
    condition = call.from
    goto      = hangup
  }
}
