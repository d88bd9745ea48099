feature_codes {
  pause = "*61"
}
