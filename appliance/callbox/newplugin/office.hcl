# A small office for the tests of this folder. It is no part of the plugin: a box that has the plugin brings its own
# plugin block and flows. The folder lies at plugins/NAME here, as it does in a configuration.

plugin "NAME" {
  source = "plugins/NAME"
  config = { base_url = "https://shop.example" }

  allow {
    http = ["https://shop.example/"]
  }
}

trunk "pstn" {
  address = "sip:sbc.carrier.example"
}

route "main" {
  from = trunk.pstn
  to   = ivr.main
}

ivr "main" {
  collect "number" {
    prompt  = prompt.ask
    digits  = "4-8"
    end_key = "#"
  }
  run "order" {
    function = plugin.NAME.lookup
    args     = { number = input.number }
    failed {
      play { prompt = prompt.sorry }
      hangup {}
    }
  }
  when {
    condition = result.order.found
    play {
      prompt = prompt.found
      values = { state = result.order.state }
    }
  }
  otherwise {
    play { prompt = prompt.unknown }
  }
}

prompt "ask" {
  text = { en = "Please enter the number of your order, then the hash key." }
}

prompt "found" {
  text = { en = "Your order is ${state}." }
}

prompt "unknown" {
  text = { en = "We could not find that order." }
}

prompt "sorry" {
  text = { en = "Our system is busy. Please call again later." }
}
