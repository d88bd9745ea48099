package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) queuesCommand() *cobra.Command {
	return a.viewCommand("queues", "Queues, who waits in them and for how long", `Lists the queues: callers who wait, the longest wait, the wait to expect for one who comes now, and their agents.
LEVEL is the share of the last hour's calls that were answered in time.`,
		&view{path: at("/v1/queues"), print: a.printQueues})
}

func (a *app) printQueues(w io.Writer, body []byte) error {
	queues, err := decode[[]struct {
		Name                    string
		Draining                bool
		Waiting, Ready, Talking int
		LoggedIn                int      `json:"logged_in"`
		LongestWait             float64  `json:"longest_wait"`
		ExpectedWait            *float64 `json:"expected_wait"`
		ServiceLevel            *float64 `json:"service_level"`
	}](body)
	if err != nil {
		return err
	}
	if len(queues) == 0 {
		fmt.Fprintln(w, "No queues are configured.")
		return nil
	}
	seconds := func(s float64) string { return span(time.Duration(s * float64(time.Second))) }
	t := table{head: []string{"QUEUE", ">WAITING", ">LONGEST", ">EXPECTED", ">LEVEL", ">READY", ">TALKING", ">SIGNED IN", "STATE"}}
	for _, q := range queues {
		longest, expected, level, state := "", "", "", ""
		if q.Waiting > 0 {
			longest = seconds(q.LongestWait)
		}
		if q.ExpectedWait != nil {
			expected = seconds(*q.ExpectedWait)
		}
		if q.ServiceLevel != nil {
			level = fmt.Sprintf("%.0f%%", 100**q.ServiceLevel)
		}
		switch {
		case q.Draining:
			state = "drains: it was removed"
		case q.Waiting > 0 && q.LoggedIn == 0:
			state = "NOBODY IS SIGNED IN"
		}
		t.add(q.Name, fmt.Sprint(q.Waiting), longest, expected, level, fmt.Sprint(q.Ready), fmt.Sprint(q.Talking), fmt.Sprint(q.LoggedIn), state)
	}
	t.write(w)
	return nil
}

// agentLine is an agent as the box tells it.
type agentLine struct {
	Name, Number, Status, Reason, Next, Activity, Why, Queue string
	FullName                                                 string `json:"full_name"`
	Since                                                    time.Time
	Queues                                                   []string
	Calls                                                    int
}

func (a *app) agentsCommand() *cobra.Command {
	return a.viewCommand("agents", "Agents, what they chose and what they do", `Lists the agents: the status that each chose, since when, what the box sees each do, and the calls of today.`,
		&view{path: at("/v1/agents"), print: a.printAgents})
}

func (a *app) printAgents(w io.Writer, body []byte) error {
	agents, err := decode[[]agentLine](body)
	if err != nil {
		return err
	}
	if len(agents) == 0 {
		fmt.Fprintln(w, "No agents are configured.")
		return nil
	}
	t := table{head: []string{"AGENT", "NAME", "NUMBER", "STATUS", ">SINCE", "ACTIVITY", "QUEUE", ">CALLS", "QUEUES"}}
	for _, g := range agents {
		since := ""
		if !g.Since.IsZero() {
			since = span(a.now().Sub(g.Since))
		}
		t.add(g.Name, g.FullName, g.Number, g.status(), since, strings.TrimSpace(g.Activity+" "+g.Why), g.Queue, fmt.Sprint(g.Calls), strings.Join(g.Queues, " "))
	}
	t.write(w)
	return nil
}

func (g agentLine) status() string {
	s := g.Status
	if g.Reason != "" {
		s += ": " + g.Reason
	}
	if g.Next != "" {
		s += ", then " + g.Next
	}
	return s
}

func (a *app) agentCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "agent NAME ready | pause [REASON] | offline",
		Short: "Choose an agent's status",
		Long:  "Signs an agent in, pauses the agent for a reason, or signs the agent off. During a call it takes effect after it.",
		Example: `  callbox agent mei ready
  callbox agent mei pause lunch
  callbox agent mei offline`,
		Args: takes(2, 3, "an agent's name, and ready, pause or offline"),
		RunE: func(cmd *cobra.Command, args []string) error {
			status, ok := map[string]string{"ready": "ready", "pause": "paused", "paused": "paused", "offline": "offline"}[args[1]]
			if !ok || len(args) == 3 && status != "paused" {
				return usage(cmd, "expects an agent's name, and ready, pause [REASON] or offline; got %q", strings.Join(args[1:], " "))
			}
			reason := ""
			if len(args) == 3 {
				reason = args[2]
			}
			b, err := a.connect()
			if err != nil {
				return err
			}
			body, err := b.tell(cmd.Context(), "PUT", "/v1/agents/"+args[0]+"/status", map[string]string{"status": status, "reason": reason})
			if err != nil {
				return err
			}
			if a.json {
				_, err = cmd.OutOrStdout().Write(body)
				return err
			}
			g, err := decode[agentLine](body)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is %s.\n", g.Name, g.status())
			return nil
		},
	}
}

func (a *app) whyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "why CALL",
		Short: "Why a call went where it went, step by step",
		Long: `Tells a call's way, in progress or past: the generation it belongs to, each step of its flows with what the caller keyed,
what conditions looked at and what plugins returned, who was rung and why, and how it ended. What was keyed in secret is
not shown. The id is in callbox calls and callbox calls --past.`,
		Args: takes(1, 1, "the id of one call"),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.connect()
			if err != nil {
				return err
			}
			body, err := b.ask(cmd.Context(), "GET", "/v1/calls/"+args[0]+"/why", nil)
			if err != nil {
				return err
			}
			if a.json {
				_, err = cmd.OutOrStdout().Write(body)
				return err
			}
			return a.printWhy(cmd.OutOrStdout(), body)
		},
	}
}

func (a *app) printWhy(w io.Writer, body []byte) error {
	steps, err := decode[[]struct {
		Time time.Time
		Text string
		More []string
	}](body)
	if err != nil {
		return err
	}
	for _, s := range steps {
		fmt.Fprintf(w, "%s  %s\n", s.Time.In(a.now().Location()).Format("15:04:05.000"), clean(s.Text))
		for _, m := range s.More {
			fmt.Fprintf(w, "              %s\n", clean(m))
		}
	}
	return nil
}
