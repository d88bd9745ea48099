test "changes that are none" {
  call { to = "1" }
  reload {}
  reload {
    file    = "flow.hcl"
    replace = { "a" = "b" }
  }
  reload {
    file    = "flows.hcl"
    replace = { "prompt.top" = "prompt.closed" }
  }
  reload { dir = "none" }
  reload {
    file   = "flows.hcl"
    text   = ""
    remove = true
  }
  expect { position = 1 }
}
