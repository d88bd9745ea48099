schedule "office" {
  open {
    days = ["mon"]
  }
}

route "main" {
  to = schedule.office
}
