appliance {
  languages = ["en", "de"]
}

ivr "main" {
  language {
    set = "fr"
  }
  goto = hangup
}
