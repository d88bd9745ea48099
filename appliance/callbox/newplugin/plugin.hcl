name        = "NAME"
version     = "0.1.0"
api         = 1
description = "Looks up an order in the shop's own system."

config "base_url" {
  type        = string
  description = "Where the shop's system is: https://shop.example"
}

needs {
  http = ["${config.base_url}/"]
}
