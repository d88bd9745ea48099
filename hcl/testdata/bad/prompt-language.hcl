prompt "welcome" {
  text = { english = "Welcome." }
}
