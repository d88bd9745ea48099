appliance {
  name = company
}
