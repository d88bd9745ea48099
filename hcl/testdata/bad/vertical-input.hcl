vertical "insurance" {
  frim = "Sunrise"
}
