appliance {
  name = uper("sunrise")
}
