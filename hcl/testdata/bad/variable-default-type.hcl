variable "lines" {
  type    = number
  default = "many"
}
