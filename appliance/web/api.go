package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"callbox/appliance/journal"
)

// controlRoutes is the API of the control socket.
//
//	GET    /v1/status  /v1/calls  /v1/phones  /v1/trunks  /v1/blocks  /v1/generations  /v1/secrets
//	GET    /v1/calls/past?last=N&from=T&to=T&call=ID   one CDR a line, newest last
//	GET    /v1/calls/{id}/why                          the call's way, step by step
//	GET    /v1/queues  /v1/agents                      the floor now
//	GET    /v1/plugins                                 their functions, and what those did
//	PUT    /v1/agents/{name}/status                    {"status": "paused", "reason": "lunch"}
//	DELETE /v1/blocks/{source}
//	POST   /v1/plan  /v1/apply                         a configuration as a tar archive
//	POST   /v1/rollback                                {"generation": N}; 0: the one before
//	PUT    /v1/secrets/{name}                          {"value": "…"}
//	DELETE /v1/secrets/{name}
//	GET    /healthz  /metrics
func (s *Server) controlRoutes() http.Handler {
	mux := http.NewServeMux()
	show := func(path string, get func() any) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { answer(w, get()) })
	}
	show("/v1/status", func() any { return s.box.Status() })
	show("/v1/calls", func() any { return list(s.box.Calls()) })
	show("/v1/phones", func() any { return list(s.box.Phones()) })
	show("/v1/trunks", func() any { return list(s.box.Trunks()) })
	show("/v1/blocks", func() any { return list(s.box.Blocks()) })
	show("/v1/generations", func() any { return list(s.box.Generations()) })
	show("/v1/secrets", func() any { return list(s.box.Secrets()) })
	mux.HandleFunc("GET /v1/calls/past", s.past)
	show("/v1/queues", func() any { return list(s.box.Queues()) })
	show("/v1/agents", func() any { return list(s.box.Agents()) })
	show("/v1/plugins", func() any { return list(s.box.Plugins()) })
	mux.HandleFunc("GET /v1/calls/{id}/why", func(w http.ResponseWriter, r *http.Request) {
		lines, err := s.box.Why(r.PathValue("id"))
		if err != nil {
			refuse(w, err)
			return
		}
		answer(w, lines)
	})
	mux.HandleFunc("PUT /v1/agents/{name}/status", s.agentStatus)
	mux.HandleFunc("DELETE /v1/blocks/{source}", func(w http.ResponseWriter, r *http.Request) {
		done(w, s.box.Unblock(r.PathValue("source")))
	})
	mux.HandleFunc("POST /v1/plan", s.plan)
	mux.HandleFunc("POST /v1/apply", s.apply)
	mux.HandleFunc("POST /v1/rollback", s.rollback)
	mux.HandleFunc("PUT /v1/secrets/{name}", s.secretSet)
	mux.HandleFunc("DELETE /v1/secrets/{name}", func(w http.ResponseWriter, r *http.Request) {
		done(w, s.box.SecretDelete(r.PathValue("name")))
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { s.health(w, true) })
	mux.Handle("GET /metrics", s.metrics())
	mux.HandleFunc("/", notHere)
	return mux
}

// list makes JSON say [] where Go says nil.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

func answer(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(append(body, '\n'))
}

// done answers a request that has nothing to say when it went well.
func done(w http.ResponseWriter, err error) {
	if err != nil {
		refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// past streams CDRs, so that a year of them costs no memory.
func (s *Server) past(w http.ResponseWriter, r *http.Request) {
	q, err := pastQuery(r)
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	enc := json.NewEncoder(w)
	clock := http.NewResponseController(w)
	n := 0
	for cdr, err := range s.box.Past(q) {
		if err != nil {
			s.log.Error("reading past calls failed", "error", err)
			if n == 0 {
				refuse(w, err)
				return
			}
			panic(http.ErrAbortHandler) // the reader must see that this is not all
		}
		if n%1000 == 0 {
			clock.SetWriteDeadline(time.Now().Add(sendTimeout))
		}
		n++
		if enc.Encode(cdr) != nil {
			return // the reader left
		}
	}
}

func pastQuery(r *http.Request) (journal.Query, error) {
	v := r.URL.Query()
	q := journal.Query{Call: v.Get("call")}
	var err error
	if last := v.Get("last"); last != "" {
		if q.Last, err = strconv.Atoi(last); err != nil || q.Last < 1 {
			return q, &fieldError{"last", "a number of calls, at least 1"}
		}
	}
	for name, at := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		if text := v.Get(name); text != "" {
			if *at, err = time.Parse(time.RFC3339, text); err != nil {
				return q, &fieldError{name, "a time such as 2026-03-02T10:00:00+08:00 (RFC 3339)"}
			}
		}
	}
	return q, nil
}

func (s *Server) plan(w http.ResponseWriter, r *http.Request) {
	files, err := readFiles(r.Body)
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, s.box.Plan(files))
}

func (s *Server) apply(w http.ResponseWriter, r *http.Request) {
	files, err := readFiles(r.Body)
	if err != nil {
		refuse(w, err)
		return
	}
	res, err := s.box.Apply(r.Context(), files, who(r.Context()))
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, res)
}

func (s *Server) rollback(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Generation int `json:"generation"`
	}
	if err := readJSON(r, &req); err != nil {
		refuse(w, err)
		return
	}
	if req.Generation < 0 {
		refuse(w, &fieldError{"generation", "a number of /v1/generations, or 0 for the one before"})
		return
	}
	res, err := s.box.Rollback(r.Context(), req.Generation, who(r.Context()))
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, res)
}

func (s *Server) secretSet(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Value string `json:"value"`
	}
	if err := readJSON(r, &req); err != nil {
		refuse(w, err)
		return
	}
	if req.Value == "" {
		refuse(w, &fieldError{"value", "must not be empty"})
		return
	}
	done(w, s.box.SecretSet(r.PathValue("name"), req.Value))
}

func (s *Server) agentStatus(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Status string `json:"status"`
		Reason string `json:"reason"`
	}
	if err := readJSON(r, &req); err != nil {
		refuse(w, err)
		return
	}
	a, err := s.box.AgentSet(r.PathValue("name"), req.Status, req.Reason)
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, a)
}

// readJSON decodes one object strictly: a misspelt field is told, not ignored.
func readJSON(r *http.Request, v any) error {
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	var wrong *json.UnmarshalTypeError
	var large *http.MaxBytesError
	switch {
	case err == nil:
	case errors.As(err, &large):
		return err
	case errors.Is(err, io.EOF):
		return &fieldError{"body", "a JSON object is expected"}
	case errors.As(err, &wrong):
		return &fieldError{wrong.Field, fmt.Sprintf("a %s is expected, not a %s", wrong.Type, wrong.Value)}
	default:
		return &fieldError{"body", strings.TrimPrefix(err.Error(), "json: ")}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return &fieldError{"body", "one JSON object is expected, and nothing after it"}
	}
	return nil
}
