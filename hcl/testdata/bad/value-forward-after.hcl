extension "1001" {
  forward {
    when  = "busy"
    to    = number("+886912345678")
    after = "10s"
  }
}
