ivr "main" {
  menu "top" {
    key "1" {
      goto = step.topp
    }
  }
}
