agent "jun" {
  number = "1001"
}

agent "mei" {
  number = "1001"
}
