media {
  ports = "32767-16384"
}
