appliance {
  name = upper(["sunrise"])
}
