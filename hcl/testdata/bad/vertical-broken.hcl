vertical "broken" {
}
