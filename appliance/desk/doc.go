// Package desk is what people write down: customers, tickets, dispositions, scripts and quality forms. It
// arrives with the desk release.
package desk
