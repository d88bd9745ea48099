appliance {
  name = "Sunrise ${secret("name")}"
}
