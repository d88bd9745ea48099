# A practice with two phones, a night number, and a line that rings everybody.

appliance {
  name      = "Harbour Dental"
  country   = "DE"
  timezone  = "Europe/Berlin"
  languages = ["de", "en"]
}

locals {
  lines    = ["desk", "lab"]
  networks = [for n in range(2) : "198.51.100.${n * 128}/25"]
  welcome = {
    de = "Willkommen bei ${appliance.name}."
    en = "Welcome to ${appliance.name}."
  }
}

trunk "carrier" {
  address     = "sips:[2001:db8::5]:5061;transport=tls"
  accept_from = local.networks
  codecs      = ["pcma"]
}

extension "10" {
  name     = title(local.lines[0])
  password = env("DESK_PASSWORD")
  allow    = concat(["internal"], ["national", "mobile"])
}

extension "11" {
  name     = title(element(local.lines, 1))
  password = "plain-but-long"
  forward {
    when = "offline"
    to   = number("+4917612345678")
  }
}

route "in" {
  from = trunk.carrier
  to   = length(local.lines) > 1 ? extension.10 : extension["11"]
}
