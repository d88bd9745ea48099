plugin "p" {
  source = "callbox:full"
  config = { base_url = "https://erp.example" }
  allow {
    http = ["https://other.example/"]
    crm  = "read"
  }
}
