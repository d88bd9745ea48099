test "a caller keys digits" {
  call { to = "0227001234" }
  expect { collecting = "policy_nr" }
  expect { result = { polcy = { found = true } } }
}
