tts {
  engine  = "command"
  url     = "https://voice.example/"
  command = []
}
