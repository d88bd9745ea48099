vertical "insurance" {
  firm = "Sunrise"
}
prompt "firm" {
  text = { en = "Sunrise." }
}
