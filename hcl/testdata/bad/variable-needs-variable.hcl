variable "a" {
  default = "A"
}

variable "b" {
  default = var.a
}
