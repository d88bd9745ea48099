ivr "main" {
}
