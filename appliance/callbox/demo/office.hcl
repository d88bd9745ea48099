# A small office to try things out. It is yours: change it while the box runs, and what you change is live for the next
# call. `callbox docs` explains every setting, `callbox plan .` says what a change would do.

appliance {
  name      = "Demo Office"
  country   = "TW"
  timezone  = "Asia/Taipei"
  languages = ["zh-Hant", "en"]
}

sip {
  listen = ["udp://0.0.0.0:5060", "tcp://0.0.0.0:5060"]
}

web {
  listen = "127.0.0.1:8080" # /healthz and /metrics
}

schedule "office" {
  open {
    days = ["mon", "tue", "wed", "thu", "fri"]
    from = "09:00"
    to   = "18:00"
  }
}
