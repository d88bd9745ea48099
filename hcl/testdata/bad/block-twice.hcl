extension "1001" {
  name = "Mei"
}

extension "1001" {
  name = "Jun"
}
