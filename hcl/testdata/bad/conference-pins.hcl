conference "daily" {
  pin           = secret("conference-daily")
  moderator_pin = secret("conference-daily")
}
