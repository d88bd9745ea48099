extension "1001" {
  forward {
    when = "no-answer"
    to   = extension.1001
  }
}
