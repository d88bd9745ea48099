package hcl

import "fmt"

// remedy is an error that is told to the author as it is: whole sentences that
// say what is allowed and what to do.
type remedy string

// Error implements error.
func (r remedy) Error() string { return string(r) }

func remedyf(format string, args ...any) remedy { return remedy(fmt.Sprintf(format, args...)) }
