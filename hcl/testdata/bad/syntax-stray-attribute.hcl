name = "Sunrise"
