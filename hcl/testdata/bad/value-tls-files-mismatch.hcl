web {
  tls {
    mode        = "files"
    certificate = "-----BEGIN CERTIFICATE-----"
    key         = "hunter2"
  }
}
