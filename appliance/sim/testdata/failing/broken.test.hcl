test "a reload brings errors" {
  reload {
    file    = "clinic.hcl"
    replace = { "ivr.quick" = "ivr.slow" }
  }
  expect { ended = "answered" }
}
