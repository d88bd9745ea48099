agent "mei" {
  skills = { claims = "good" }
}
