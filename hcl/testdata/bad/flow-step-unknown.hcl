ivr "main" {
  say "hello" {
  }
}
