appliance {
  languages = ["en-GB", "zh-Hant"]
}

prompt "top" {
  text = { en = "Press 1.", zh-Hant = "請按一。" }
}

# a step behind goto that others go to, and a loop that ends when nobody keys anything
ivr "main" {
  when {
    condition = call.data.again == null
    goto      = step.first
  }
  goto = step.top
  play "first" {
    prompt = prompt.top
  }
  menu "top" {
    prompt = prompt.top
    key "1" {
      set {
        data = { again = true }
      }
      goto = step.first
    }
    no_input {
      play {
        prompt = prompt.top
      }
    }
    failed {
      goto = hangup
    }
  }
}

# a caller is refused on purpose
ivr "blocked" {
  when {
    condition = caller.fields.blocked
    hangup {
      cause = "rejected"
    }
  }
  collect "age" {
    prompt = prompt.top
  }
  when {
    condition = input.age >= 18 && now > "2026-01-01"
    goto      = ivr.main
  }
  otherwise {
    hangup {}
  }
}
