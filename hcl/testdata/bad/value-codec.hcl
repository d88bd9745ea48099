media {
  codecs = ["alaw", "pcma"]
}
