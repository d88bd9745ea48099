plugin "p" {
  source = "callbox:full"
  config = { base_url = "https://erp.example" }
}
