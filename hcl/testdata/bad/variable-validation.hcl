# given: lines = 900
variable "lines" {
  type    = number
  default = 4

  validation {
    condition     = var.lines <= 30
    error_message = "The carrier sells 30 lines at most."
  }
}
