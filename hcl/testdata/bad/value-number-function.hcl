extension "1001" {
  forward {
    when = "busy"
    to   = number("0912-345-678")
  }
}
