locals {
  a = [for x in range(100) : [for y in range(100) : x * y]]
}
