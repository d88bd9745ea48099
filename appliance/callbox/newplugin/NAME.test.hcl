test "a caller hears how far the order is" {
  http {
    method = "GET"
    url    = "https://shop.example/orders/4711"
    json   = { state = "on its way" }
  }

  call { to = "0227001234" }
  expect { collecting = "number" }
  press { keys = "4711#" }
  expect {
    playing = prompt.found
    hears   = "on its way"
    data    = { order = "4711" }
  }
}

test "a number that nobody knows is said" {
  http {
    url    = "https://shop.example/orders/*"
    status = 404
  }

  call { to = "0227001234" }
  press { keys = "1234#" }
  expect {
    playing = prompt.unknown
    result  = { order = { found = false } }
  }
}

test "a system that does not answer harms no call" {
  http {
    url  = "https://shop.example/orders/*"
    fail = "refused"
  }

  call { to = "0227001234" }
  press { keys = "1234#" }
  expect { playing = prompt.unknown }
}
