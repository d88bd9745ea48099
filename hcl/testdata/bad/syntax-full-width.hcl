appliance {
  name ＝ "旭日保險"
}
