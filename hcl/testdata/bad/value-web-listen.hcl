web {
  listen = "http://0.0.0.0:8080"
}
