schedule "office" {
  closed {
    dates = ["2026-02-17"]
  }
}
