test "a reload is expected to be refused, and is right" {
  reload {
    file    = "clinic.hcl"
    replace = { "Harbour Dental." = "Harbour." }
    refused = true
  }
  expect { ended = "answered" }
}
