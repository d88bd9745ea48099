prompt "due" {
  text = { en = "Due on ${dates(due)}." }
}
