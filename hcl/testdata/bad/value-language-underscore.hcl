appliance {
  languages = ["zh_Hant"]
}
