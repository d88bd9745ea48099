package hcl

// Conference is a room where several callers speak with each other.
type Conference struct {
	// Name by which routes and steps refer to it: conference.daily.
	Name string `hcl:",label"`
	// PIN that callers enter, 4 to 12 digits. Without one everybody may join.
	PIN Secret `hcl:"pin" is:"pin"`
	// ModeratorPIN makes a caller the moderator, who may mute and end.
	ModeratorPIN Secret `hcl:"moderator_pin" is:"pin"`
	// Max is how many may join.
	Max int `hcl:"max" is:"2..500" default:"30"`
	// WaitForModerator keeps callers on Music until a moderator joins.
	WaitForModerator bool `hcl:"wait_for_moderator" default:"false"`
	// Announce says a tone when somebody joins or leaves.
	Announce bool `hcl:"announce" default:"true"`
	// Greeting said to those who join.
	Greeting string `hcl:"greeting" is:"ref:prompt"`
	// Music for the first who waits.
	Music string `hcl:"music" is:"ref:music"`
	// Record the room.
	Record bool `hcl:"record" default:"false"`
}

var conferenceKind = &kind{name: "conference", new: func() any { return new(Conference) }, effect: newCalls, example: `
conference "daily" {
  pin                = secret("conference-daily")
  moderator_pin      = secret("conference-boss")
  max                = 20
  wait_for_moderator = true
  announce           = true
  greeting           = prompt.welcome
  music              = music.hold
  record             = false
}
`}

func (c *Conference) check(l *loader, b *block) {
	if c.WaitForModerator && !b.wrotePart("moderator_pin") {
		l.fail(b.at("wait_for_moderator"), b.title()+" waits for a moderator who cannot come", "Add moderator_pin = secret(\"…\"), or remove wait_for_moderator.")
	}
	if b.has("pin") && b.has("moderator_pin") && c.PIN == c.ModeratorPIN {
		l.fail(b.at("moderator_pin"), "pin and moderator_pin are the same", "Then everybody is a moderator. Choose another.")
	}
}
