variable "lines" {
  type = nubmer
}
