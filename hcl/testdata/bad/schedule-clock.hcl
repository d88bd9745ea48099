schedule "office" {
  open {
    days = ["mon"]
    from = "9:00"
    to   = "25:00"
  }
}
