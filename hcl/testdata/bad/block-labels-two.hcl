extension "1001" "1002" {
}
