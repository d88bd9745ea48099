expect { position = 1 }
queue "claims" {}
wait = "1s"
