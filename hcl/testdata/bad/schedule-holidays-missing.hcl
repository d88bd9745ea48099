schedule "office" {
  open {
    days = ["mon"]
  }
  holidays = file("holiday.ics")
}
