plugin "a" {
  source = "plugins/policy"
}

plugin "b" {
  source = "plugins/empty"
}

plugin "c" {
  source = "https://example.com/policy.lua"
}
