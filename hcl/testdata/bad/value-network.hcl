sip {
  local_networks = ["192.168.1.1/16", "10.0.0.0/33"]
}
