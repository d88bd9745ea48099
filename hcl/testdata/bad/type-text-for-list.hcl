media {
  codecs = "pcma"
}
