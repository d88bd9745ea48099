sip {
  external = "box.example.com"
}
