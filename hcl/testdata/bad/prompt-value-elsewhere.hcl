prompt "hello" {
  text = { en = "Hello ${name}." }
}

voicemail "office" {
  greeting = prompt.hello
}
