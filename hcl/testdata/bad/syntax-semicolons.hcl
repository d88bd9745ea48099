user "boss" { name = "Boss"; role = "supervisor" }
