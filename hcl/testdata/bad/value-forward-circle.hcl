extension "1001" {
  forward {
    when = "always"
    to   = extension.1002
  }
}

extension "1002" {
  forward {
    when = "always"
    to   = extension.1003
  }
}

extension "1003" {
  forward {
    when = "always"
    to   = extension.1001
  }
}
