list "leads" {
}

trunk "pstn" {
  address = "sip:a.example"
}

campaign "renewals" {
  list   = list.leads
  trunks = [trunk.pstn]
  mode   = "predictive"
}
