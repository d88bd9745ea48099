appliance {
  country = "Taiwan"
}
