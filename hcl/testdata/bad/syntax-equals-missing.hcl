appliance {
  name "Sunrise"
}
