plugin "p" {
  source = "plugins/empty"
}
