prompt "welcome" {
}
