appliance {
  languages = ["en"]
}

agent "kim" {
  phone = "0227001234"
}

queue "help" {
  agents = [agent.kim]
  overflow {
    play {
      prompt = prompt.sorry
      values = { name = caller.name }
    }
    callback {
      queue = queue.help
    }
  }
}

prompt "sorry" {
  text = { en = "Sorry ${upper(name)}, it is ${time(now)} and we are busy." }
}

plugin "crm" {
  source = "callbox:crm"
  config = {
    servers = ["https://a.example/", "https://b.example/"]
    nested  = { token = secret("crm"), tries = 3, on = true, none = null }
  }
}

ivr "main" {
  answer {}
  run "who" {
    function = plugin.crm.find
    args = {
      number = call.from
      label  = "${call.trunk}-${queue.help.waiting}"
    }
    failed {
      goto = queue.help
    }
  }
  when {
    condition = result.who.vip == true && contains(caller.tags, "gold") || agent.kim.state == "ready"
    queue {
      to       = queue.help
      priority = result.who.score * 10
    }
  }
  otherwise {
    collect "code" {
      digits = "4"
      failed {
        goto = step.again
      }
    }
    when {
      condition = tonumber(input.code) > 1000 && call.data.lane != "night"
      tag {
        name  = "code"
        value = input.code
      }
    }
  }
  wait "again" {
    time = "1s"
  }
  goto = queue.help
}
