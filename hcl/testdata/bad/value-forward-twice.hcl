extension "1001" {
  forward {
    when = "busy"
    to   = extension.1002
  }
  forward {
    when = "busy"
    to   = number("+886912345678")
  }
}

extension "1002" {
}
