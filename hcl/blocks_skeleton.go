package hcl

import (
	"net/netip"
	"regexp"
	"time"
)

// Appliance is the box as a whole.
type Appliance struct {
	Name      string
	Country   string
	Timezone  *time.Location
	Languages []string
}

// SIP is where the box is reached by SIP.
type SIP struct {
	Listen        []string
	External      netip.Addr
	LocalNetworks []netip.Prefix
}

// Media is how sound travels.
type Media struct {
	PortLow, PortHigh int
	Codecs            []string
	SRTP              string
}

// Web is where the box is reached by browsers.
type Web struct {
	Listen string
	TLS    *WebTLS
}

// WebTLS is how the web pages are encrypted.
type WebTLS struct {
	Mode        string
	Domains     []string
	Email       string
	Certificate string
	Key         Secret
}

// Trunk is a line to a carrier.
type Trunk struct {
	Name       string
	Address    string
	Username   string
	Password   Secret
	Register   bool
	Expires    time.Duration
	AcceptFrom []netip.Prefix
	Codecs     []string
	Channels   int
	CallerID   string
	Health     time.Duration
}

// Extension is a phone of the house.
type Extension struct {
	Number      string
	Name        string
	Password    Secret
	Allow       []string
	Codecs      []string
	Voicemail   bool
	Forward     []Forward
	NoAnswer    time.Duration
	CallerID    string
	MaxContacts int
}

// Forward sends calls for an extension elsewhere.
type Forward struct {
	When  string
	To    Destination
	After time.Duration
}

// Destination is wherever a call can go.
type Destination struct {
	Kind string
	Name string
}

// String writes it as in a configuration: extension.1001.
func (d Destination) String() string {
	if d.Name == "" {
		return d.Kind
	}
	return d.Kind + "." + d.Name
}

// Route says where a call goes.
type Route struct {
	Name           string
	FromPhones     bool
	From           []string
	Number         string
	NumberMatching *regexp.Regexp
	CallerMatching *regexp.Regexp
	Class          string
	Priority       int
	To             []Destination
	CallerID       string
}

// Agent is a person who takes calls.
type Agent struct {
	Name      string
	FullName  string
	Number    string
	Extension string
	Phone     string
	Skills    map[string]int
	Languages []string
}

// Team is a group of agents.
type Team struct {
	Name        string
	Agents      []string
	Supervisors []string
}

// User is a person who signs in.
type User struct {
	Name     string
	FullName string
	Role     string
	Mail     string
}

// Prompt is what callers hear.
type Prompt struct {
	Name string
	Text map[string]string
	File map[string]string
}

// Music is what waiting callers hear.
type Music struct {
	Name  string
	Files []string
}
