appliance {
  name = “Sunrise”
}
