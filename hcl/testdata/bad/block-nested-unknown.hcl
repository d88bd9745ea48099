web {
  ssl {
    mode = "self-signed"
  }
}
