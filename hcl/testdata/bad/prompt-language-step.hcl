prompt "top" {
  text = { en = "Press 1 for German." }
}

ivr "main" {
  play {
    prompt = prompt.top
  }
  language {
    set = "de-AT"
  }
  goto = hangup
}
