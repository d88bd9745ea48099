ivr "main" {
  menu "top" {
    retries = 3
    play {
    }
    key "1" {
      goto = hangup
    }
  }
}
