prompt "welcome" {
  file = { en = "prompts/welcom.wav" }
}
