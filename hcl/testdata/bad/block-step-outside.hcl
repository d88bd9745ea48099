play "welcome" {
}
