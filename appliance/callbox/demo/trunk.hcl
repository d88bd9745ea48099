# A line to the outside. Take the number signs away, put in what your carrier told you, and keep the password outside of
# this file: callbox secret set carrier
#
# trunk "carrier" {
#   address   = "sip:sip.carrier.example;transport=udp"
#   username  = "0227001234"
#   password  = secret("carrier")
#   register  = true
#   channels  = 4
#   caller_id = "+886227001234"
# }
#
# route "in" {
#   from   = trunk.carrier
#   number = "0227001234"
#   to     = extension.1001
# }
#
# route "out" {
#   from            = phones
#   number_matching = "^0[2-9][0-9]{7,9}$"
#   class           = "national"
#   to              = [trunk.carrier]
# }
