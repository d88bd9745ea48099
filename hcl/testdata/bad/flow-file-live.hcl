ivr "main" {
  set {
    data = { a = file(call.from) }
  }
  goto = hangup
}
