ivr "main" {
  set {
    data = { token = secret("erp") }
  }
}
