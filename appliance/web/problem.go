package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Problem is what a request gets that cannot be answered (RFC 9457).
type Problem struct {
	Type   string `json:"type"` // always about:blank: the status says the kind
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"` // what happened and what to do
	Field  string `json:"field,omitempty"`  // what in the request is wrong, where one thing is
}

func problem(w http.ResponseWriter, status int, detail string) {
	send(w, Problem{Status: status, Detail: detail})
}

func send(w http.ResponseWriter, p Problem) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p) // a peer that went away is no news
}

// refuse turns an error into a problem.
func refuse(w http.ResponseWriter, err error) {
	var large *http.MaxBytesError
	var wrong *fieldError
	switch {
	case errors.As(err, &large):
		problem(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("The body is larger than %d bytes.", large.Limit))
	case errors.As(err, &wrong):
		send(w, Problem{Status: http.StatusBadRequest, Detail: wrong.Error(), Field: wrong.field})
	case errors.Is(err, ErrInvalid):
		problem(w, http.StatusBadRequest, err.Error())
	case errors.Is(err, ErrNotFound):
		problem(w, http.StatusNotFound, err.Error())
	case errors.Is(err, ErrBusy):
		problem(w, http.StatusConflict, err.Error())
	default:
		problem(w, http.StatusInternalServerError, err.Error())
	}
}

// fieldError is a request whose one field is wrong.
type fieldError struct{ field, text string }

func (e *fieldError) Error() string { return e.field + ": " + e.text }

func notHere(w http.ResponseWriter, r *http.Request) {
	problem(w, http.StatusNotFound, "")
}
