web {
  tls {
    mode = "self-signed"
  }
  tls {
    mode = "self-signed"
  }
}
