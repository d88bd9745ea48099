package journal

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Explanation is why an offer went to whom it went to. It names at most MostNamed agents, the rest it counts.
type Explanation struct {
	Strategy   string         `json:"strategy"`
	Ring       int            `json:"ring,omitempty"`       // how many widen blocks were open for the call
	Skills     map[string]int `json:"skills,omitempty"`     // that were needed
	Language   string         `json:"language,omitempty"`   // that was needed; empty: any would do
	Candidates []Candidate    `json:"candidates,omitempty"` // who could have it, the best first
	Passed     []Passed       `json:"passed,omitempty"`     // who could not
	More       map[string]int `json:"more,omitempty"`       // how many others, by reason
}

// MostNamed is how many agents an Explanation names.
const MostNamed = 50

// Candidate is an agent who could have the call.
type Candidate struct {
	Agent string `json:"agent"`
	Score string `json:"score"`           // what the strategy went by, in words
	After string `json:"after,omitempty"` // why others went before, whatever the strategy says
}

// Passed is an agent who could not have the call, and why.
type Passed struct {
	Agent string `json:"agent"`
	Why   string `json:"why"`
}

// Words say it to people, a sentence each.
func (e Explanation) Words() []string {
	var words []string
	for i, c := range e.Candidates {
		verdict := "could have it too"
		if i == 0 {
			verdict = fmt.Sprintf("is the choice of %s among %d", e.Strategy, len(e.Candidates)+e.More[MoreCandidates])
		}
		if c.After != "" && i > 0 {
			verdict += ", after others because " + c.After
		}
		words = append(words, fmt.Sprintf("agent %s %s: %s", c.Agent, verdict, c.Score))
	}
	if needs := e.needs(); needs != "" {
		words = append(words, "needed: "+needs)
	}
	for _, p := range e.Passed {
		words = append(words, fmt.Sprintf("agent %s passed over: %s", p.Agent, p.Why))
	}
	for _, why := range slices.Sorted(maps.Keys(e.More)) {
		words = append(words, fmt.Sprintf("%d more: %s", e.More[why], why))
	}
	return words
}

// MoreCandidates is the reason under which an Explanation counts candidates that it does not name.
const MoreCandidates = "could have it too"

func (e Explanation) needs() string {
	var needs []string
	for _, skill := range slices.Sorted(maps.Keys(e.Skills)) {
		needs = append(needs, fmt.Sprintf("%s %d", skill, e.Skills[skill]))
	}
	if e.Language != "" {
		needs = append(needs, "speaking "+e.Language)
	}
	return strings.Join(needs, ", ")
}
