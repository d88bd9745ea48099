ivr "main" {
  set "again" {
    data = { n = 1 }
  }
  when {
    condition = call.data.n == 2
    goto      = hangup
  }
  goto = step.again
}
