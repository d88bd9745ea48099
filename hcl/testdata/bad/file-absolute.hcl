prompt "welcome" {
  file = { en = "/etc/passwd" }
}
