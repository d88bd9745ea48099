vertical "insurence" {
  firm = "Sunrise"
}
