package floor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"callbox/appliance/journal"
)

// crm are the customers of a test, as plugins reach them.
type crm struct{ s *services }

// Find implements lua.CRM.
func (c crm) Find(_ context.Context, _ string, query map[string]any) ([]map[string]any, error) {
	return found(c.s.customers, query, func(record map[string]any, name string, value any) bool {
		number, isText := value.(string)
		known, _ := record["number"].(string)
		return name == "number" && isText && sameNumber(known, number, c.s.w.cfg.Appliance.Country)
	}), nil
}

// Get implements lua.CRM.
func (c crm) Get(_ context.Context, _, id string) (map[string]any, bool, error) {
	r, ok := withID(c.s.customers, id)
	return r, ok, nil
}

// Save implements lua.CRM.
func (c crm) Save(_ context.Context, _ string, record map[string]any) (r map[string]any, err error) {
	c.s.customers, r, err = saved(c.s.customers, record)
	return r, err
}

// tickets are the work orders of a test, as plugins reach them.
type tickets struct{ s *services }

// Open implements lua.Tickets.
func (t tickets) Open(ctx context.Context, _ string, ticket map[string]any) (map[string]any, error) {
	ticket = maps.Clone(ticket)
	delete(ticket, "id")
	if ticket["status"] == nil {
		ticket["status"] = "open"
	}
	all, r, err := saved(t.s.tickets, ticket)
	if err == nil {
		t.wrote(ctx, all, r, "opened")
	}
	return r, err
}

// Get implements lua.Tickets.
func (t tickets) Get(_ context.Context, _, id string) (map[string]any, bool, error) {
	r, ok := withID(t.s.tickets, id)
	return r, ok, nil
}

// Update implements lua.Tickets.
func (t tickets) Update(ctx context.Context, _, id string, changes map[string]any) (map[string]any, error) {
	changes = maps.Clone(changes)
	changes["id"] = id
	all, r, err := saved(t.s.tickets, changes)
	if err == nil {
		t.wrote(ctx, all, r, "changed")
	}
	return r, err
}

func (t tickets) wrote(ctx context.Context, all []map[string]any, r map[string]any, how string) {
	t.s.tickets = all
	t.s.written[fmt.Sprint(r["id"])] = t.s.w.now
	t.s.w.note(errandOf(ctx).line(), "ticket "+how+" "+t.s.w.value(r))
}

// List implements lua.Tickets.
func (t tickets) List(_ context.Context, _ string, query map[string]any) ([]map[string]any, error) {
	return found(t.s.tickets, query, nil), nil
}

// found are the records that have all of a query's fields, newest first.
func found(all []map[string]any, query map[string]any, like func(map[string]any, string, any) bool) []map[string]any {
	limit := len(all)
	if n, ok := query["limit"].(float64); ok {
		limit = int(n)
	}
	out := []map[string]any{}
	for _, r := range slices.Backward(all) {
		fits := true
		for name, value := range query {
			fits = fits && (name == "limit" || covers(r[name], value) || like != nil && like(r, name, value))
		}
		if fits && len(out) < limit {
			out = append(out, maps.Clone(r))
		}
	}
	return out
}

func withID(all []map[string]any, id string) (map[string]any, bool) {
	for _, r := range all {
		if r["id"] == id {
			return maps.Clone(r), true
		}
	}
	return nil, false
}

// saved adds a record, or changes the one whose id it has.
func saved(all []map[string]any, record map[string]any) ([]map[string]any, map[string]any, error) {
	id, _ := record["id"].(string)
	if id == "" {
		r := maps.Clone(record)
		r["id"] = fmt.Sprint(len(all) + 1)
		return append(all, r), maps.Clone(r), nil
	}
	for i, r := range all {
		if r["id"] == id {
			r = maps.Clone(r)
			maps.Copy(r, record)
			all = slices.Clone(all)
			all[i] = r
			return all, maps.Clone(r), nil
		}
	}
	return all, nil, errors.New("there is no record " + id)
}

// told are the facts of a type, oldest first.
func (b *books) told(kind journal.Type) (all []journal.Event) {
	for _, e := range b.events {
		if e.Type == kind {
			all = append(all, e)
		}
	}
	return all
}
