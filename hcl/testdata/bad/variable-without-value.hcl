variable "company" {
  type = string
}
