locals {
  due = money(12)
}
