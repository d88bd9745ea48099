schedule "office" {
  open {
    days = ["monday", "tue"]
  }
}
