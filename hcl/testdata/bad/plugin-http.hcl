plugin "policy" {
  source = "plugins/policy.lua"
  allow {
    http = ["https://erp.example"]
  }
  limits {
    memory = "16 megs"
  }
}
