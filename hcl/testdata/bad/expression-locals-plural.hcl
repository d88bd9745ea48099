locals {
  name = "Sunrise"
}

appliance {
  name = locals.name
}
