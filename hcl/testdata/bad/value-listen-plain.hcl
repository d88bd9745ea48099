sip {
  listen = ["0.0.0.0:5060"]
}
