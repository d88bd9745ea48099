schedule "office" {
  open {
    days = ["mon"]
  }
}

ivr "main" {
  when {
    condition = !schedule.office.opened
    goto      = hangup
  }
  when {
    condition = !schedule.ofice.open
    goto      = hangup
  }
  when {
    condition = schedule.office
    goto      = hangup
  }
  when {
    condition = call.form == "+886912345678"
    goto      = hangup
  }
}
