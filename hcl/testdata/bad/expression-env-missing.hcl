appliance {
  name = env("MISSING")
}
