extension "1001" {
  forward {
    when = "busy"
    to   = extension.1001
  }
}
