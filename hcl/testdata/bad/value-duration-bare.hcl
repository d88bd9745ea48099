extension "1001" {
  no_answer = 25
}
