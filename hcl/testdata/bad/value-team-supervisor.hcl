team "claims" {
  supervisors = [user.mei]
}

user "mei" {
  role = "agent"
}
