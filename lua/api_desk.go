package lua

var eventClass = class{name: "Event", doc: "A fact, as in the reference of events; its own fields stand beside these.", fields: []param{
	{name: "seq", kind: "number", doc: "Its place in the order of all facts."},
	{name: "time", kind: "string", doc: "When, RFC 3339."},
	{name: "type", kind: "string", doc: "Such as call.ended."},
	{name: "call", kind: "string", doc: "The call's id.", optional: true},
	{name: "queue", kind: "string", doc: "The queue's name.", optional: true},
	{name: "agent", kind: "string", doc: "The agent's name.", optional: true},
	{name: "generation", kind: "number", doc: "The configuration it happened under.", optional: true},
}}

var (
	idParam     = param{name: "id", kind: "string", doc: "Its id."}
	queryParam  = param{name: "query", kind: "table<string, any>", doc: "Fields and their values; limit is the most to be found."}
	recordParam = param{name: "record", kind: "table<string, any>", doc: "Its fields."}
	foundResult = param{name: "found", kind: "table<string, any>[]", doc: "Those that match, newest first."}
	oneResult   = param{name: "record", kind: "table<string, any>", doc: "nil when there is none.", optional: true}
)

var deskFunctions = []declaration{
	{module: "crm", name: "find", doc: "Finds customers.", phases: loaded, needs: grantCRM, fails: true, params: []param{queryParam}, returns: []param{foundResult},
		example: `local who = crm.find{ number = call.from }`, serve: func(s *service, args []any) ([]any, error) {
			return s.crm(func(c CRM) (any, error) { return c.Find(s.ctx, s.plugin.Name, args[0].(map[string]any)) })
		}},
	{module: "crm", name: "get", doc: "Gets one customer.", phases: loaded, needs: grantCRM, fails: true, params: []param{idParam}, returns: []param{oneResult},
		example: `local customer = crm.get(id)`, serve: func(s *service, args []any) ([]any, error) {
			return s.crm(func(c CRM) (any, error) { return one(c.Get(s.ctx, s.plugin.Name, args[0].(string))) })
		}},
	{module: "crm", name: "save", doc: "Creates a customer, or changes the one whose id it names.", phases: loaded, needs: grantCRMWrite, effect: true, fails: true,
		params: []param{recordParam}, returns: []param{{name: "record", kind: "table<string, any>", doc: "As it is now."}}, example: `crm.save{ id = id, fields = { vip = true } }`,
		serve: func(s *service, args []any) ([]any, error) {
			return s.crm(func(c CRM) (any, error) { return c.Save(s.ctx, s.plugin.Name, args[0].(map[string]any)) })
		}},
	{module: "tickets", name: "open", doc: "Opens a ticket.", phases: loaded, needs: grantTicketsWrite, effect: true, fails: true, params: []param{recordParam},
		returns: []param{{name: "ticket", kind: "table<string, any>", doc: "As it is now, with its id."}}, example: `local ticket = tickets.open{ subject = "Claim", call = call.id }`,
		serve: func(s *service, args []any) ([]any, error) {
			return s.tickets(func(t Tickets) (any, error) { return t.Open(s.ctx, s.plugin.Name, args[0].(map[string]any)) })
		}},
	{module: "tickets", name: "get", doc: "Gets one ticket.", phases: loaded, needs: grantTickets, fails: true, params: []param{idParam}, returns: []param{oneResult},
		example: `local ticket = tickets.get(id)`, serve: func(s *service, args []any) ([]any, error) {
			return s.tickets(func(t Tickets) (any, error) { return one(t.Get(s.ctx, s.plugin.Name, args[0].(string))) })
		}},
	{module: "tickets", name: "update", doc: "Changes a ticket.", phases: loaded, needs: grantTicketsWrite, effect: true, fails: true,
		params: []param{idParam, {name: "changes", kind: "table<string, any>", doc: "Fields to change."}}, returns: []param{{name: "ticket", kind: "table<string, any>", doc: "As it is now."}},
		example: `tickets.update(id, { status = "closed" })`, serve: func(s *service, args []any) ([]any, error) {
			return s.tickets(func(t Tickets) (any, error) {
				return t.Update(s.ctx, s.plugin.Name, args[0].(string), args[1].(map[string]any))
			})
		}},
	{module: "tickets", name: "list", doc: "Lists tickets.", phases: loaded, needs: grantTickets, fails: true, params: []param{queryParam}, returns: []param{foundResult},
		example: `local open = tickets.list{ status = "open", call = call.id }`, serve: func(s *service, args []any) ([]any, error) {
			return s.tickets(func(t Tickets) (any, error) { return t.List(s.ctx, s.plugin.Name, args[0].(map[string]any)) })
		}},
}

// one makes nil of what is not there.
func one(record map[string]any, ok bool, err error) (any, error) {
	if err != nil || !ok {
		return nil, err
	}
	return record, nil
}

func (s *service) crm(do func(CRM) (any, error)) ([]any, error) {
	if s.h.o.Services.CRM == nil {
		return nil, errNotHere("customers")
	}
	v, err := do(s.h.o.Services.CRM)
	return []any{v}, err
}

func (s *service) tickets(do func(Tickets) (any, error)) ([]any, error) {
	if s.h.o.Services.Tickets == nil {
		return nil, errNotHere("tickets")
	}
	v, err := do(s.h.o.Services.Tickets)
	return []any{v}, err
}

var queueFunctions = []declaration{
	{module: "queues", name: "stats", doc: "Tells how a queue is.", phases: loaded, fails: true, params: []param{{name: "name", kind: "string", doc: "A queue of the configuration."}},
		returns: []param{{name: "stats", kind: "table<string, number>", doc: "waiting, longest_wait, expected_wait, ready, talking, logged_in, service_level."}},
		example: `if queues.stats("claims").waiting > 10 then return end`, serve: func(s *service, args []any) ([]any, error) {
			if s.h.o.Services.Queues == nil {
				return nil, errNotHere("queues")
			}
			name := args[0].(string)
			stats, ok := s.h.o.Services.Queues(name)
			if !ok {
				return nil, misusef("there is no queue %q", name)
			}
			return []any{stats}, nil
		}},
}
