plugin "p" {
  source = "callbox:old"
}
