ivr "main" {
  menu "top" {
    key "1" {
      goto = hangup
    }
    key "12" {
      goto = hangup
    }
  }
  goto = hangup
}
