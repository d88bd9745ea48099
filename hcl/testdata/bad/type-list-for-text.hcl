appliance {
  name = ["Sunrise"]
}
