package hcl

// Backup copies what the box knows to another place, encrypted.
type Backup struct {
	// To is where: a folder of the machine, sftp:// or s3://.
	To string `hcl:"to" is:"required backup-target"`
	// Username there.
	Username string `hcl:"username" is:"1..256"`
	// Password there: secret("backup").
	Password Secret `hcl:"password"`
	// Passphrase that encrypts it. Who loses it loses the backup.
	Passphrase Secret `hcl:"passphrase" is:"required"`
	// At is the time of day, in the appliance's time zone. The field counts
	// minutes since midnight.
	At int `hcl:"at" is:"clock" default:"180"`
	// Days of the week. When not written: every day.
	Days []string `hcl:"days" is:"mon|tue|wed|thu|fri|sat|sun"`
	// Keep is how many are kept.
	Keep int `hcl:"keep" is:"1..1000" default:"14"`
	// Recordings are copied too.
	Recordings bool `hcl:"recordings" default:"false"`
}

var backupKind = &kind{name: "backup", new: func() any { return new(Backup) }, effect: atOnce, example: `
backup {
  to         = "sftp://backup.example/callbox"
  username   = "callbox"
  password   = secret("backup")
  passphrase = secret("backup-passphrase")
  at         = "03:00"
  days       = ["mon", "thu"]
  keep       = 14
  recordings = false
}
`}
