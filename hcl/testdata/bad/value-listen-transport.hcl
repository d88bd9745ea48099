sip {
  listen = ["upd://0.0.0.0:5060"]
}
