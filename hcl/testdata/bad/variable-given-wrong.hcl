# given: lines = many
variable "lines" {
  type    = number
  default = 4
}
