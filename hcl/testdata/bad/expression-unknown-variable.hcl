variable "company" {
  default = "Sunrise"
}

appliance {
  name = var.compny
}
