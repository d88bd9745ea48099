schedule "office" {
  open {
    dates = ["2026-02-30"]
  }
}
