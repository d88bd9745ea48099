appliance {
  name = format("%999999999d", 1)
}
