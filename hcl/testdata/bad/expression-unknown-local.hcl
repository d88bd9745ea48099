locals {
  name = "Sunrise"
}

appliance {
  name = local.nam
}
