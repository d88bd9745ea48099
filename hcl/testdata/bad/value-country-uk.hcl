appliance {
  country = "UK"
}
