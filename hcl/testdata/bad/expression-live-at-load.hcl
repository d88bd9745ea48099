appliance {
  name = "Call from ${call.from}"
}
