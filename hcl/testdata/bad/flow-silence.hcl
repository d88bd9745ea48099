prompt "vip" {
  text = { en = "Welcome back." }
}

ivr "main" {
  when {
    condition = caller.found
    play {
      prompt = prompt.vip
    }
    goto = hangup
  }
}
