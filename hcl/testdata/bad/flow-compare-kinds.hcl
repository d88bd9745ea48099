ivr "main" {
  when {
    condition = caller.found > 3
    goto      = hangup
  }
  goto = hangup
}
