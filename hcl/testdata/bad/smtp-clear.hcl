smtp {
  server   = "mail.example.com"
  username = "box"
  password = "hunter2"
  from     = "Box <box@example.com>"
  tls      = "off"
}
