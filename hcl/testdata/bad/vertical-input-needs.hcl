vertical "insurance" {
  firm = local.firm
}
locals {
  firm = "Sunrise"
}
