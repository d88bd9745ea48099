web {
  tls {
    mode = "selfsigned"
  }
}
