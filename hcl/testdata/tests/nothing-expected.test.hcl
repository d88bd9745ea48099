test "nothing can go wrong" {
  call { to = "1" }
}
