trunk "pstn" {
  address = null
}
