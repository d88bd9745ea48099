test "a caller" {
}
