package hcl

// Vertical brings a template for an industry in, as if its files stood in the
// directory, with its variables set to the inputs.
type Vertical struct {
	// Name of the template: vertical "insurance".
	Name string `hcl:",label"`
	// Inputs are its variables; which ones there are says the template.
	Inputs map[string]any `hcl:",rest"`
}

var verticalKind = &kind{name: "vertical", new: func() any { return new(Vertical) }, effect: newCalls, example: `
vertical "insurance" {
  company = "Sunrise Insurance"
}
`}
