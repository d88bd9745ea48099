media {
  ports = "20000-29999"
}

media {
  srtp = "off"
}
