package hcl

// runs are the kinds of block that this release runs; the others it checks
// only, and Config.Later names them. It is the one place that says so: the
// reference, status and the log take it from here.
var runs = map[string]bool{
	"appliance": true, "sip": true, "media": true, "web": true,
	"trunk": true, "extension": true, "route": true, "schedule": true, "prompt": true, "music": true,
	"ivr": true, "queue": true, "voicemail": true, "plugin": true, "tts": true, "smtp": true, "feature_codes": true,
	"user": true, "agent": true, "team": true,
	"variable": true, "locals": true, "vertical": true,
	"number": true, "hangup": true, // destinations that are no blocks
}

// Runs tells whether this release runs a kind of block, or of destination.
func Runs(kind string) bool { return runs[kind] }
