retention {
  recordings = "90 days"
  calls      = "2y"
}
