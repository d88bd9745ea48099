media {
  srtp = "optionl"
}
