tts {
  engine  = "command"
  command = ["my-voice", "--language", "{language}"]
  voices  = { en = "amy" }
}
