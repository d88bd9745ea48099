queue "claims department" {
}
