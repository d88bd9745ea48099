# A dentist's: one number, a desk, two dentists, a plugin that knows the appointments.

appliance {
  name      = "Harbour Dental"
  country   = "TW"
  timezone  = "Asia/Taipei"
  languages = ["en", "zh-Hant"]
}

trunk "city" {
  address   = "sip:127.0.0.1:5090"
  channels  = 3
  caller_id = "+886223450000"
}

trunk "reserve" {
  address = "sip:127.0.0.1:5091"
}

schedule "hours" {
  open {
    days = ["mon", "tue", "wed", "thu", "fri"]
    from = "09:00"
    to   = "18:00"
  }
}

extension "101" {
  name      = "Desk"
  password  = "desk-phone-0101"
  allow     = ["internal", "national", "mobile"]
  no_answer = "25s"
  forward {
    when = "busy"
    to   = extension.102
  }
  forward {
    when = "no_answer"
    to   = extension.103
  }
}

extension "102" {
  name     = "Surgery one"
  password = "surgery-phone-0102"
  allow    = ["internal", "national", "mobile"]
}

extension "103" {
  name     = "Back office"
  password = "back-office-0103"
}

agent "ann" {
  name      = "Ann"
  number    = "101"
  extension = extension.101
  skills    = { desk = 4 }
}

agent "bo" {
  name      = "Bo"
  number    = "102"
  extension = extension.102
  skills    = { desk = 2 }
}

agent "cy" {
  name  = "Cy, at home"
  phone = "+886912000111"
}

team "desk" {
  agents      = [agent.ann, agent.bo]
  supervisors = [user.head]
}

user "head" {
  name = "Head"
  role = "supervisor"
}

prompt "welcome" {
  text = {
    en        = "Harbour Dental."
    "zh-Hant" = "海港牙醫診所。"
  }
}

prompt "choose" {
  text = {
    en        = "For your next appointment press 1. For the desk press 2. To leave a note press 3."
    "zh-Hant" = "查詢預約請按 1，櫃台請按 2，留言請按 3。"
  }
}

prompt "ask_id" {
  text = {
    en        = "Please enter your patient number."
    "zh-Hant" = "請輸入病歷號碼。"
  }
}

prompt "next" {
  text = {
    en        = "${name}, your next appointment is on ${date(day)}."
    "zh-Hant" = "${name}，您的下次預約是 ${date(day)}。"
  }
}

prompt "none" {
  text = {
    en        = "We found no appointment."
    "zh-Hant" = "查無預約。"
  }
}

prompt "notice" {
  text = {
    en        = "This call may not be interrupted."
    "zh-Hant" = "請聽完本公告。"
  }
}

prompt "closed" {
  text = {
    en        = "We are closed."
    "zh-Hant" = "本診所已打烊。"
  }
}

prompt "jingle" {
  file = { en = "prompts/jingle.wav", "zh-Hant" = "prompts/jingle.wav" }
}

route "main" {
  from   = trunk.city
  number = "0223450000"
  to     = ivr.main
}

route "desk" {
  from   = trunk.city
  number = "0223450001"
  to     = extension.101
}

route "surgery" {
  from   = trunk.city
  number = "0223450002"
  to     = extension.103
}

route "home" {
  from   = trunk.city
  number = "0223450003"
  to     = agent.cy
}

route "quick" {
  from   = trunk.city
  number = "0223450004"
  to     = ivr.quick
}

route "queue" {
  from   = trunk.city
  number = "0223450005"
  to     = queue.desk
}

route "engaged" {
  from   = trunk.city
  number = "0223450006"
  to     = ivr.engaged
}

route "out" {
  from            = phones
  number_matching = "^(0|\\+886)[2-9][0-9]{7,8}$"
  class           = "mobile"
  to              = [trunk.city, trunk.reserve]
}

ivr "main" {
  play "welcome" { prompt = prompt.welcome }

  when {
    condition = caller.found
    set {
      data = { patient = caller.name, gold = caller.fields.gold }
    }
    tag {
      name  = "patient"
      value = "known"
    }
  }

  when {
    condition = !schedule.hours.open
    play { prompt = prompt.closed }
    voicemail { box = voicemail.notes }
    hangup {}
  }

  menu "choose" {
    prompt  = prompt.choose
    timeout = "5s"
    tries   = 2

    key "1" {
      collect "patient" {
        prompt  = prompt.ask_id
        digits  = "3-6"
        end_key = "#"
        tries   = 2
      }
      run "next" {
        function = plugin.diary.next
        args     = { patient = input.patient }
        timeout  = "3s"
        failed {
          tag { name = "diary_down" }
          goto = queue.desk
        }
      }
      when {
        condition = result.next.found
        play {
          prompt = prompt.next
          values = { name = result.next.name, day = result.next.day }
        }
      }
      otherwise {
        play { prompt = prompt.none }
      }
    }

    key "2" { goto = queue.desk }
    key "3" { goto = voicemail.notes }

    key "4" {
      run "report" {
        function = plugin.diary.report
        args     = { text = "The tap drips." }
      }
    }

    key "5" {
      callback { queue = queue.desk }
    }

    key "*" {
      language { set = "zh-Hant" }
      goto = step.welcome
    }

    failed {
      goto = extension.101
    }
  }
}

ivr "quick" {
  play {
    prompt   = prompt.notice
    barge_in = false
  }
  play { prompt = prompt.jingle }
  transfer {
    to      = extension.102
    timeout = "10s"
  }
  set {
    data = { tried = "surgery" }
  }
  transfer {
    to      = number("+886912000222")
    timeout = "20s"
  }
}

ivr "engaged" {
  transfer {
    to      = extension.102
    timeout = "10s"
  }
  hangup { cause = "busy" }
}

queue "desk" {
  agents        = [team.desk]
  strategy      = "top_down"
  offer_timeout = "15s"
  max_wait      = "2m"
  music         = music.hold
  missed {
    limit = 2
    pause = "missed"
  }
  wrap_up {
    time = "20s"
    mode = "timed"
  }
  overflow {
    voicemail { box = voicemail.notes }
  }
}

music "hold" {
}

voicemail "notes" {
  greeting = prompt.closed
  max      = "1m"
}

plugin "diary" {
  source = "plugins/diary.lua"
  config = { base = "https://diary.example" }
  allow {
    http    = ["https://diary.example/"]
    kv      = true
    crm     = "write"
    tickets = "write"
    sms     = true
    mail    = true
  }
  limits { time = "3s" }
}
