prompt "due" {
  text = { en = "Due on ${date(call.data.due, "brief")}, ${money(call.data.amount, "dollars")}, ${spell(call.data.name, "slowly")}." }
}
