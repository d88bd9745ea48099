package floor

import (
	"context"
	"encoding/json"
	"time"

	"callbox/lua"
)

// A host of plugins lives longer than a test. These send what it asks for to the test whose turn it is.

type present struct{ b *builder }

func (p present) kv() lua.KV { return p.b.world.services.kv }

// Get implements lua.KV.
func (p present) Get(plugin, key string) (json.RawMessage, bool, error) {
	return p.kv().Get(plugin, key)
}

// Set implements lua.KV.
func (p present) Set(plugin, key string, value json.RawMessage, ttl time.Duration) error {
	return p.kv().Set(plugin, key, value, ttl)
}

// Delete implements lua.KV.
func (p present) Delete(plugin, key string) error { return p.kv().Delete(plugin, key) }

// List implements lua.KV.
func (p present) List(plugin, prefix string, limit int) ([]string, error) {
	return p.kv().List(plugin, prefix, limit)
}

type presentCRM struct{ b *builder }

func (p presentCRM) crm() lua.CRM { return crm{p.b.world.services} }

// Find implements lua.CRM.
func (p presentCRM) Find(ctx context.Context, plugin string, query map[string]any) ([]map[string]any, error) {
	return p.crm().Find(ctx, plugin, query)
}

// Get implements lua.CRM.
func (p presentCRM) Get(ctx context.Context, plugin, id string) (map[string]any, bool, error) {
	return p.crm().Get(ctx, plugin, id)
}

// Save implements lua.CRM.
func (p presentCRM) Save(ctx context.Context, plugin string, record map[string]any) (map[string]any, error) {
	return p.crm().Save(ctx, plugin, record)
}

type presentTickets struct{ b *builder }

func (p presentTickets) tickets() lua.Tickets { return tickets{p.b.world.services} }

// Open implements lua.Tickets.
func (p presentTickets) Open(ctx context.Context, plugin string, ticket map[string]any) (map[string]any, error) {
	return p.tickets().Open(ctx, plugin, ticket)
}

// Get implements lua.Tickets.
func (p presentTickets) Get(ctx context.Context, plugin, id string) (map[string]any, bool, error) {
	return p.tickets().Get(ctx, plugin, id)
}

// Update implements lua.Tickets.
func (p presentTickets) Update(ctx context.Context, plugin, id string, changes map[string]any) (map[string]any, error) {
	return p.tickets().Update(ctx, plugin, id, changes)
}

// List implements lua.Tickets.
func (p presentTickets) List(ctx context.Context, plugin string, query map[string]any) ([]map[string]any, error) {
	return p.tickets().List(ctx, plugin, query)
}
