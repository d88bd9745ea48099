# Your office. Edit this file and save it: what you wrote is live at once, and calls in progress go on. A mistake
# changes nothing; `callbox status` and the log say what is wrong. `callbox docs` explains every word.
#
# Passwords do not belong here. Give each phone one that nobody guesses, kept encrypted in the box:
#
#   sudo -u callbox callbox secret set ext-1001 --data /var/lib/callbox
#
# and then write   password = secret("ext-1001")   into its extension, as below.

appliance {
  name    = "Office"
  country = "US" # ISO 3166: number format, tones, emergency numbers
}

sip {
  listen = ["udp://0.0.0.0:5060", "tcp://0.0.0.0:5060"]
}

web {
  listen = "127.0.0.1:8080" # /healthz and /metrics
}

# extension "1001" {
#   name     = "Front desk"
#   password = secret("ext-1001")
#   allow    = ["internal", "national"]
# }
#
# extension "1002" {
#   name     = "Workshop"
#   password = secret("ext-1002")
# }
#
# trunk "carrier" {
#   address  = "sip:sip.carrier.example"
#   username = "15550100"
#   password = secret("carrier")
#   register = true
# }
#
# route "out" {
#   from = phones
#   to   = trunk.carrier
# }
#
# route "in" {
#   from = trunk.carrier
#   to   = extension.1001
# }
