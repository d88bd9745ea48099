extension "1001" {
}

agent "mei" {
  extension = [extension.1001]
}
