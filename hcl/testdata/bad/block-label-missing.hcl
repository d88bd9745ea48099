trunk {
  address = "sip:a.example"
}
