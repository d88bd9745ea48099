sip "main" {
  listen = ["udp://0.0.0.0:5060"]
}
