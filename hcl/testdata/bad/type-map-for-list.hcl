appliance {
  languages = { en = true }
}
