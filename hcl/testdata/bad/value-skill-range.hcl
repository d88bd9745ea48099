agent "mei" {
  skills = { claims = 9 }
}
