ivr "main" {
  menu "top" {
    timeout = "5s"
  }
}
