agent "mei" {
  skills {
    claims = 4
  }
}
