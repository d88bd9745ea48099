vertical "insurance" {
  firm = ["Sunrise"]
}
