package hcl

import (
	"fmt"
	"strings"
)

// intro opens the reference.
const intro = `A configuration is a directory. All files in it whose name ends in .hcl are one configuration; their order and names carry no meaning. Files that end in .test.hcl are call-flow tests and no part of it, hidden files neither. Paths in it are relative to it, and may not leave it.`

const references = `Names are referred to, never quoted: queue.claims, extension.1001. A name that is no plain word stands in brackets: extension["*9"]. Variables are var.NAME, local values local.NAME, the appliance's own appliance.name, .country, .timezone and .languages.`

const liveIntro = `Expressions are computed once, when the configuration is loaded, except conditions, args, data, values and the texts of prompts. Those are computed while a call runs, and see besides:`

var liveDocs = [][2]string{
	{"call.id .from .to .trunk .language .started .data", "the call; call.data is what set, plugins and agents attached"},
	{"caller.found .name .number .fields .tags", "the customer record that matches the caller's number"},
	{"input.NAME", `what collect "NAME" or menu "NAME" got, a text`},
	{"result.NAME", `what run "NAME" returned; result.NAME.error when it failed`},
	{"schedule.X.open .next_open", "now, in the schedule's time zone"},
	{"queue.X.waiting .longest_wait .expected_wait .ready .talking .logged_in .service_level", "the queue now; times in seconds"},
	{"agent.X.state", "what the agent does now"},
	{"now", "the time, RFC 3339"},
}

// missing says what happens when something is not there.
const missing = `While a call runs something may not be there: a plugin gave no due date, nobody has set call.data.lane, a collect was not reached. That is null, and never ends a flow:`

var missingDocs = [][2]string{
	{"a condition, !, &&, ||, ? :", "null counts as false: !result.policy.found holds when nothing was found, and when the policy system gave no answer"},
	{"== and !=", `null equals null and nothing else: call.data.lane == null asks whether it is there`},
	{"<, <=, > and >=", "no order holds with null, nor with a text that is no number; both sides may be times: now < result.policy.due"},
	{"+, -, *, / and %", "with null the result is null"},
	{"a text", `null says nothing: "${call.data.lane}" is empty`},
	{"a part, a place in a list", "of null, or where there is none: null; result.policy.holder.name needs no care"},
	{"for and [*]", "null is an empty list"},
	{"a function", `most take no null: give them another value, coalesce(call.data.lane, "day")`},
}

const missingEnd = `What cannot be computed all the same, such as tonumber("abc"), counts as false in a condition and as nothing elsewhere; it is logged with file and line. Digits that a caller keyed are text, and compare with numbers as what they read like: input.age >= 18, input.choice == 1. One expression may move 1 MB each time it is computed. What a collect with secret = true got is masked wherever it would be shown.`

const promptLanguages = `A prompt is said in the language of the call; where it lacks that, in its base (zh-Hant for zh-Hant-HK, then zh), then in the first language of the appliance, then in any. Loading warns where a language of the appliance is missing.`

const testIntro = `Files that end in .test.hcl hold tests. callbox test runs them in virtual time, with the real flows, queues and plugins, no phone and no network: an hour passes at once, and a run can be repeated. References, variables and locals are those of the configuration beside them.`

const testStepIntro = `Steps run in the order written. The first call is meant where a step does not say which; on = "second" means call "second" { … }. An expect waits in virtual time for a moment at which all its conditions hold, at most within, not sooner than after, both counted from the step before.`

const spokenIntro = `They say a value in the language of the text they stand in. What stands behind the value says how.`

// limitDocs are the limits of what a configuration may bring.
func limitDocs() [][2]string {
	return [][2]string{
		{"one .hcl file, one file(…)", Size(maxSource).String()},
		{"all .hcl files", fmt.Sprintf("%s in %d files", Size(maxSources), maxFiles)},
		{"one sound", Size(maxSound).String()},
		{"brackets, blocks and templates in each other", fmt.Sprint(maxDepth)},
		{"for in a for", "not allowed"},
		{"regular expression", fmt.Sprintf("%d characters", maxPattern)},
	}
}

// Markdown prints it as one Markdown page.
func (r Reference) Markdown() string {
	var b strings.Builder
	b.WriteString("# The configuration language of callbox\n\n" + intro + "\n\n" + references + "\n\n")
	b.WriteString("## Live names\n\n" + liveIntro + "\n\n| name | is |\n|---|---|\n")
	for _, d := range liveDocs {
		fmt.Fprintf(&b, "| `%s` | %s |\n", d[0], d[1])
	}
	b.WriteString("\n## What is not there\n\n" + missing + "\n\n| where | then |\n|---|---|\n")
	for _, d := range missingDocs {
		fmt.Fprintf(&b, "| %s | %s |\n", cell(d[0]), cell(d[1]))
	}
	b.WriteString("\n" + missingEnd + "\n\n" + promptLanguages + "\n")
	b.WriteString("\n## Limits\n\n| what | at most |\n|---|---|\n")
	for _, d := range limitDocs() {
		fmt.Fprintf(&b, "| %s | %s |\n", d[0], d[1])
	}
	b.WriteString("\n# Blocks\n")
	for _, p := range r.Blocks {
		p.markdown(&b)
	}
	b.WriteString("\n# Steps of a flow\n\nSteps stand in an ivr, and in blocks such as overflow and failed, and run in the order written. `goto = DESTINATION` leaves the flow; `goto = step.LABEL` goes on at a labelled step of it.\n")
	for _, p := range r.Steps {
		p.markdown(&b)
	}
	b.WriteString("\n# Call-flow tests\n\n" + testIntro + "\n")
	r.Test.markdown(&b)
	b.WriteString("\n# Steps of a test\n\n" + testStepIntro + "\n")
	for _, p := range r.TestSteps {
		p.markdown(&b)
	}
	b.WriteString("\n# Manifests\n")
	for _, p := range r.Manifests {
		p.markdown(&b)
	}
	b.WriteString("\n# Functions\n\n| function | does |\n|---|---|\n")
	for _, f := range r.Functions {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Signature, cell(f.Doc))
	}
	b.WriteString("\n# Functions in the text of a prompt\n\n" + spokenIntro + "\n\n| function | does |\n|---|---|\n")
	for _, f := range r.Spoken {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Signature, cell(f.Doc))
	}
	return b.String()
}

func (p Page) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n", p.Kind, p.Doc)
	if p.Later {
		b.WriteString("\nThis release checks it and does not run it yet.\n")
	}
	if p.Effect != "" {
		fmt.Fprintf(b, "\nA change is: %s.\n", p.Effect)
	}
	p.table(b)
	for _, in := range p.Nested {
		in.nested(b, p.Kind)
	}
	fmt.Fprintf(b, "\n```hcl\n%s\n```\n", p.Example)
}

func (p Page) nested(b *strings.Builder, path string) {
	fmt.Fprintf(b, "\n### %s { %s { } }\n\n%s\n", path, p.Head, p.Doc)
	if p.Effect != "" {
		fmt.Fprintf(b, "\nA change is: %s.\n", p.Effect)
	}
	p.table(b)
	for _, in := range p.Nested {
		in.nested(b, path+" { "+p.Kind)
	}
}

func (p Page) table(b *strings.Builder) {
	if len(p.Attributes) > 0 {
		b.WriteString("\n| attribute | takes | default | |\n|---|---|---|---|\n")
	}
	for _, a := range p.Attributes {
		def := "–"
		switch {
		case a.Required:
			def = "required"
		case a.Default != "":
			def = "`" + a.Default + "`"
		}
		doc := a.Doc
		if a.Effect != "" {
			doc += " A change is: " + a.Effect + "."
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", a.Name, cell(a.Takes), cell(def), cell(doc))
	}
	if p.Steps {
		b.WriteString("\nSteps of a flow stand in it.\n")
	}
}

// cell makes a text safe inside a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// Man prints it as a manual page, callbox-config(5).
func (r Reference) Man() string {
	var b strings.Builder
	b.WriteString(".TH CALLBOX-CONFIG 5 \"\" callbox \"Configuration\"\n.SH NAME\ncallbox\\-config \\- the configuration language of callbox\n")
	b.WriteString(".SH DESCRIPTION\n" + roff(intro) + "\n.PP\n" + roff(references) + "\n")
	b.WriteString(".SH LIVE NAMES\n" + roff(liveIntro) + "\n")
	for _, d := range liveDocs {
		fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(d[0]), roff(d[1]))
	}
	b.WriteString(".SH WHAT IS NOT THERE\n" + roff(missing) + "\n")
	for _, d := range missingDocs {
		fmt.Fprintf(&b, ".TP\n%s\n%s\n", roff(d[0]), roff(d[1]))
	}
	b.WriteString(".PP\n" + roff(missingEnd) + "\n.PP\n" + roff(promptLanguages) + "\n")
	b.WriteString(".SH LIMITS\n")
	for _, d := range limitDocs() {
		fmt.Fprintf(&b, ".TP\n%s\n%s\n", roff(d[0]), roff(d[1]))
	}
	for _, section := range []struct {
		title string
		pages []Page
	}{{"BLOCKS", r.Blocks}, {"STEPS OF A FLOW", r.Steps}} {
		fmt.Fprintf(&b, ".SH %s\n", section.title)
		for _, p := range section.pages {
			p.man(&b, "")
			fmt.Fprintf(&b, ".PP\n.nf\n.RS\n%s\n.RE\n.fi\n", roff(p.Example))
		}
	}
	fmt.Fprintf(&b, ".SH CALL\\-FLOW TESTS\n%s\n", roff(testIntro))
	r.Test.man(&b, "")
	fmt.Fprintf(&b, ".PP\n.nf\n.RS\n%s\n.RE\n.fi\n.PP\n%s\n", roff(r.Test.Example), roff(testStepIntro))
	for _, p := range r.TestSteps {
		p.man(&b, "")
		fmt.Fprintf(&b, ".PP\n.nf\n.RS\n%s\n.RE\n.fi\n", roff(p.Example))
	}
	b.WriteString(".SH MANIFESTS\n")
	for _, p := range r.Manifests {
		p.man(&b, "")
		fmt.Fprintf(&b, ".PP\n.nf\n.RS\n%s\n.RE\n.fi\n", roff(p.Example))
	}
	b.WriteString(".SH FUNCTIONS\n")
	for _, f := range r.Functions {
		fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(f.Signature), roff(f.Doc))
	}
	b.WriteString(".SH FUNCTIONS IN THE TEXT OF A PROMPT\n" + roff(spokenIntro) + "\n")
	for _, f := range r.Spoken {
		fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(f.Signature), roff(f.Doc))
	}
	b.WriteString(".SH SEE ALSO\n.BR callbox (1)\n")
	return b.String()
}

func (p Page) man(b *strings.Builder, path string) {
	fmt.Fprintf(b, ".SS %s\n%s\n", roff(strings.TrimSpace(path+" "+p.Head)), roff(p.Doc))
	if p.Later {
		b.WriteString("This release checks it and does not run it yet.\n")
	}
	if p.Effect != "" {
		fmt.Fprintf(b, "A change is: %s.\n", roff(p.Effect))
	}
	for _, a := range p.Attributes {
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(a.Name), roff(a.Doc))
		if a.Takes != "" {
			fmt.Fprintf(b, "Takes %s.\n", roff(a.Takes))
		}
		switch {
		case a.Required:
			b.WriteString("Required.\n")
		case a.Default != "":
			fmt.Fprintf(b, "Default: %s.\n", roff(a.Default))
		}
	}
	for _, in := range p.Nested {
		in.man(b, strings.TrimSpace(path+" "+p.Kind))
	}
}

// roff makes a text safe for a manual page.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", "").Replace(s)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
