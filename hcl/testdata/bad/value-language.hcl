appliance {
  languages = ["chinese", "en"]
}
