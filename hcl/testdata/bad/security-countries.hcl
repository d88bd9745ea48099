security {
  countries = ["TW", "XX1"]
  block_for = "10s"
}
