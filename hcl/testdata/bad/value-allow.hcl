extension "1001" {
  allow = ["internal", "domestic"]
}
