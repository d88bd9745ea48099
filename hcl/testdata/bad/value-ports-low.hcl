media {
  ports = "80-1000"
}
