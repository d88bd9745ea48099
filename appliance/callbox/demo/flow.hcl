# Dial 700: a menu, a queue and a mailbox. Agents sign in at their phones with *61 and off with *63; messages are heard with *97.
# What is said is spoken by espeak-ng (apt install espeak-ng), or by the voice that a tts block names.

route "menu" {
  from   = phones
  number = "700"
  class  = "internal"
  to     = ivr.main
}

prompt "welcome" {
  text = {
    "zh-Hant" = "您好，這裡是${appliance.name}。業務請按 1，留言請按 2。"
    en        = "Welcome to ${appliance.name}. For sales press 1. To leave a message press 2."
  }
}

prompt "closed" {
  text = {
    "zh-Hant" = "現在無人接聽，請在嗶聲後留言。"
    en        = "Nobody is here. Please leave a message after the tone."
  }
}

ivr "main" {
  menu "top" {
    prompt = prompt.welcome

    key "1" {
      goto = queue.sales
    }
    key "2" {
      goto = voicemail.office
    }
    failed {
      goto = queue.sales
    }
  }
}

agent "mei" {
  name      = "Mei Lin 林美"
  number    = "1"
  extension = extension.1001
}

agent "jun" {
  name      = "Jun Wu 吳俊"
  number    = "2"
  extension = extension.1002
}

queue "sales" {
  agents         = [agent.mei, agent.jun]
  max_wait       = "5m"
  without_agents = "logged_in"

  announce {
    position = true
  }
  overflow {
    goto = voicemail.office
  }
}

voicemail "office" {
  greeting = prompt.closed
  notify   = [extension.1001, extension.1002]
}
