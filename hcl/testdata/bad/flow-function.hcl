plugin "policy" {
  source = "plugins/policy.lua"
}

ivr "main" {
  run "a" {
    function = plugin.policy
  }
  run "b" {
    function = plugin.polcy.lookup
  }
  run "c" {
    function = "policy.lookup"
  }
}
