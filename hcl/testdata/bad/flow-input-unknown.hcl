ivr "main" {
  collect "policy_no" {
    digits = "4-12"
  }
  when {
    condition = input.policy == "1234"
    goto      = hangup
  }
}
