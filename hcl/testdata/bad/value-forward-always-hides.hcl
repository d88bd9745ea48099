extension "1001" {
  forward {
    when = "always"
    to   = number("+886912345678")
  }
  forward {
    when = "busy"
    to   = number("+886912345679")
  }
}
