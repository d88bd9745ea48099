package hcl

import "time"

// Survey asks callers after a call how it was.
type Survey struct {
	// Name by which queues and steps refer to it: survey.csat.
	Name string `hcl:",label"`
	// Invite is said first; the caller may hang up.
	Invite string `hcl:"invite" is:"ref:prompt"`
	// Question, one block for each, in the order asked.
	Question []Question `hcl:"question" is:"required block"`
	// Thanks is said at the end.
	Thanks string `hcl:"thanks" is:"ref:prompt"`
}

// Question is one question of a survey.
type Question struct {
	// Name of the answer in reports.
	Name string `hcl:",label"`
	// Prompt that asks.
	Prompt string `hcl:"prompt" is:"required ref:prompt"`
	// Kind of answer: scale (a digit from Low to High), yes_no (1 or 2), or
	// record (a few spoken words).
	Kind string `hcl:"kind" is:"scale|yes_no|record" default:"scale"`
	// Low end of the scale.
	Low int `hcl:"low" is:"0..9" default:"1"`
	// High end of the scale.
	High int `hcl:"high" is:"0..9" default:"5"`
	// Timeout is the silence that counts as no answer.
	Timeout time.Duration `hcl:"timeout" is:"1s..60s" default:"5s"`
	// Tries before the next question.
	Tries int `hcl:"tries" is:"1..5" default:"2"`
}

var surveyKind = &kind{name: "survey", new: func() any { return new(Survey) }, effect: newCalls, example: `
survey "csat" {
  invite = prompt.welcome

  question "satisfied" {
    prompt  = prompt.welcome
    kind    = "scale"
    low     = 1
    high    = 5
    timeout = "5s"
    tries   = 2
  }

  thanks = prompt.welcome
}
`}

func (q *Question) check(l *loader, b *block) {
	if q.Low >= q.High {
		l.fail(b.at("high"), b.title()+" has a scale that does not rise", "High is greater than low: low = 1, high = 5.")
	}
	if q.Kind != "scale" && (b.has("low") || b.has("high")) {
		l.warn(b.at("low"), "low and high have no meaning with kind = \""+q.Kind+"\"", "Only a scale has ends; remove them.")
	}
}
