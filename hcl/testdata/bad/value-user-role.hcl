user "boss" {
  role = "manager"
}
