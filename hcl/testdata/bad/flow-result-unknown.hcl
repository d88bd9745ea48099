ivr "main" {
  when {
    condition = result.policy.found
    goto      = hangup
  }
}
