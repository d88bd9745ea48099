schedule "office" {
  open {
    days = ["mon"]
    from = "09:00"
  }
}
