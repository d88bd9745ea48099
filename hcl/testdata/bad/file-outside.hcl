schedule "office" {
  open {
    days = ["mon"]
  }
  holidays = file("../holidays.ics")
}
