package ivr

import "callbox/hcl"

type program struct{ title string }

func compile(title, name string, steps []hcl.Step) *program { return &program{title: title} }

func (o *Office) compile() {
	o.flows, o.branches = map[string]*program{}, map[*hcl.Branch]*program{}
	for name, f := range o.Config.IVRs {
		o.flows[name] = compile("ivr "+name, name, f.Steps)
	}
}
