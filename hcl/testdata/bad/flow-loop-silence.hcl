prompt "top" {
  text = { en = "Press 1." }
}

ivr "main" {
  menu "top" {
    prompt = prompt.top
    key "1" {
      goto = hangup
    }
    failed {
      goto = step.top
    }
  }
}
