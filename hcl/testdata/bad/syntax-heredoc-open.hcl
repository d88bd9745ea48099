appliance {
  name = <<EOT
Sunrise
}
