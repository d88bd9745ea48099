locals {
  a = local.b
  b = local.c
  c = "x ${local.a}"
}
