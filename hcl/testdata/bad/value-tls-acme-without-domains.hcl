web {
  tls {
    mode = "acme"
  }
}
