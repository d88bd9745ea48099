sip {
  listen = ["udp://0.0.0.0:70000"]
}
