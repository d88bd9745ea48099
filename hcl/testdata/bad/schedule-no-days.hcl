schedule "office" {
  open {
    from = "09:00"
    to   = "18:00"
  }
}
