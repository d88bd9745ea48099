tts {
  engine = "http"
}
