# Phones register with the number as user. The password was made for this box when the demo was first started.

locals {
  password = "replace-me-at-once"
}

extension "1001" {
  name     = "Mei Lin 林美"
  password = local.password
  allow    = ["internal", "national", "mobile"]
}

extension "1002" {
  name     = "Jun Wu 吳俊"
  password = local.password
  allow    = ["internal", "national", "mobile"]

  forward {
    when = "busy"
    to   = extension.1003
  }
}

extension "1003" {
  name     = "Lee Chen 陳立"
  password = local.password
}

extension "1004" {
  name     = "Nobody's desk"
  password = local.password
}
