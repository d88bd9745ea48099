music "hold" {
  files = ["music"]
}
