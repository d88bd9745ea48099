prompt "due" {
  text = { en = "Due on ${date(due)}." }
}

ivr "main" {
  play {
    prompt = prompt.due
    values = { deu = call.data.due }
  }
}
