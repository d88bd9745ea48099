media {
  ports = "16384"
}
