schedule "night" {
  open {
    days = ["fri"]
    from = "22:00"
    to   = "06:00"
  }
}
