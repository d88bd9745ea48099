locals {
  office {
    name = "x"
  }
}
