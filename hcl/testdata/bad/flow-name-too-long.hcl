ivr "main" {
  when {
    condition = call.from.country == "TW"
    goto      = hangup
  }
  goto = hangup
}
