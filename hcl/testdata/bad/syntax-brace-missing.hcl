extension "1001" {
  name = "Mei"
