ivr "main" {
  when {
    condition = call.from == "1"
    goto      = hangup
  }
  otherwise {
    hangup {
      cause = "busy"
    }
  }
  answer {}
  wait {
    time = "1s"
  }
}
