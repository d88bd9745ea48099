extension "10 01" {
}
