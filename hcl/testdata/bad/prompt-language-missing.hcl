appliance {
  languages = ["zh-Hant", "en"]
}

prompt "welcome" {
  text = { en = "Welcome." }
}
