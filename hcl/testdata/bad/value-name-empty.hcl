appliance {
  name = ""
}
