dialplan "x" {
}
