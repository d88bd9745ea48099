locals {
  text = file("latin1.txt")
}
