ivr "main" {
  menu "top" {
    key "1" {
      goto = hangup
    }
    key "1" {
      goto = hangup
    }
  }
}
