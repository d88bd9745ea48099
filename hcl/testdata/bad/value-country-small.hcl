appliance {
  country = "tw"
}
