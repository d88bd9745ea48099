appliance {
  name = "Sunrise"
  name = "Sunset"
}
