appliance {
  name = "Sunrise
}
