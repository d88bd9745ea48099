ivr "main" {
  menu "top" {
    key "one" {
      goto = hangup
    }
  }
}
