prompt "welcome" {
  text = { en = "Welcome." }
}

ivr "main" {
  plya {
    prompt = prompt.welcome
  }
}
