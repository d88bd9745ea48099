extension "1001" {
  allow = ["internal", "national", "internal"]
}
