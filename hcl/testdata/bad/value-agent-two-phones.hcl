extension "1001" {
}

agent "mei" {
  extension = extension.1001
  phone     = "+886912345678"
}
