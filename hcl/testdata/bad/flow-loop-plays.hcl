prompt "busy" {
  text = { en = "Please wait." }
}

ivr "main" {
  play "again" {
    prompt = prompt.busy
  }
  wait {
    time = "10s"
  }
  goto = step.again
}
