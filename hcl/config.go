package hcl

import "io/fs"

// Config is a whole configuration, checked. Nobody changes it after Load, so
// that calls may hold on to it while newer ones come.
type Config struct {
	// Hash tells two configurations apart: 16 hexadecimal digits over the names
	// and bytes of Files. Values of secrets and variables are not in it.
	Hash string
	// Files are the files that made it, by path: the *.hcl, and what they read;
	// of a vertical the files that were read, but not its *.hcl, and nothing of
	// bundled plugins. Loading them again gives the same configuration.
	Files map[string][]byte

	Appliance Appliance
	SIP       SIP
	Media     Media
	Web       Web

	// These have their defaults when they are not written.
	Recording    Recording
	Retention    Retention
	Metrics      Metrics
	Security     Security
	FeatureCodes FeatureCodes
	TTS          TTS
	// These are nil when they are not written.
	SMTP   *SMTP
	SMS    *SMS
	Backup *Backup

	Trunks     map[string]*Trunk
	Extensions map[string]*Extension
	Agents     map[string]*Agent
	Teams      map[string]*Team
	Users      map[string]*User
	Schedules  map[string]*Schedule
	Prompts    map[string]*Prompt
	Musics     map[string]*Music

	IVRs        map[string]*IVR
	Queues      map[string]*Queue
	RingGroups  map[string]*RingGroup
	Conferences map[string]*Conference
	Voicemails  map[string]*Voicemail
	Surveys     map[string]*Survey
	Campaigns   map[string]*Campaign
	Lists       map[string]*List
	Plugins     map[string]*Plugin

	// Routes stand in order of precedence: an exact number first, then the
	// patterns by priority and name, then those for any number.
	Routes []*Route

	// Later names the blocks that are known and checked, but which this release
	// does not run yet (see Runs): kind to names; a block without a name adds
	// none.
	Later map[string][]string

	blocks map[string]map[string]any // kind → name → value, for Diff
	world  *world                    // for LoadTests
}

// LoadOptions are what a configuration may ask for besides its own files.
type LoadOptions struct {
	// Variables are values for variable blocks, by name.
	Variables map[string]string
	// Secret looks up secret("name"). Nil: no secret is known.
	Secret func(name string) (string, bool)
	// Env looks up env("NAME"). Nil: no variable is set.
	Env func(name string) (string, bool)
	// Bundled has the plugins that ship with the box, one folder each: those of
	// source = "callbox:NAME". Nil: there are none.
	Bundled fs.FS
	// Verticals has the templates, one folder each: those of vertical "NAME".
	// Nil: there are none.
	Verticals fs.FS
}
