# given: compny = Sunrise
variable "company" {
  default = "Sunset"
}
