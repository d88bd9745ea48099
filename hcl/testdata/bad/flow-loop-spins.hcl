ivr "main" {
  set "again" {
    data = { n = 1 }
  }
  goto = step.again
}
