schedule "office" {
  open {
    days = ["mon"]
  }
  holidays = file("notes.txt")
}
