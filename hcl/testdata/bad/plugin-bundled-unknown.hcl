plugin "p" {
  source = "callbox:cmr"
}
