route "a" {
  to = extension.10.20
}
