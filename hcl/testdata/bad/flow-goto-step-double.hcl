ivr "main" {
  wait "a" {
    time = "1s"
  }
  wait "a" {
    time = "1s"
  }
  goto = step.a
}
