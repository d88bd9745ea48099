plugin "p" {
  source = "callbox:full"
  config = {
    bse_url = "https://erp.example"
    tries   = "many"
  }
}
