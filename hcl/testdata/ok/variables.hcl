# given: lines = 12
# given: company = Night & Day
# given: allowed = ["internal", "mobile"]

variable "company" {
  type = string
}

variable "lines" {
  type    = number
  default = 4

  validation {
    condition     = var.lines > 0 && var.lines <= 30
    error_message = "Between 1 and 30 lines."
  }
}

variable "allowed" {
  type    = list(string)
  default = ["internal"]
}

variable "night" {
  default = false
}

appliance {
  name = var.company
}

trunk "pstn" {
  address  = "sip:pstn.example"
  channels = var.lines * 2
}

extension "1" {
  allow = var.allowed
}

route "main" {
  from   = [trunk.pstn]
  number = join("", ["02", "2700", format("%04d", 1234)])
  to     = var.night ? hangup : extension.1
}
