appliance {
  languages = []
}
