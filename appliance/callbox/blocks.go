package main

import (
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) blocksCommand() *cobra.Command {
	return a.viewCommand("blocks", "Sources that are ignored for a while", `Lists the addresses that flooded the box or guessed passwords, and until when they are ignored.
callbox unblock ADDRESS lets one in again.`,
		&view{path: at("/v1/blocks"), print: a.printBlocks})
}

func (a *app) printBlocks(w io.Writer, body []byte) error {
	blocks, err := decode[[]struct {
		Source, Reason string
		Until          time.Time
		Count          uint64
	}](body)
	if err != nil {
		return err
	}
	if len(blocks) == 0 {
		fmt.Fprintln(w, "Nobody is blocked.")
		return nil
	}
	t := table{head: []string{"SOURCE", ">FOR", ">COUNT", "REASON"}}
	for _, b := range blocks {
		t.add(b.Source, span(b.Until.Sub(a.now())), fmt.Sprint(b.Count), b.Reason)
	}
	t.write(w)
	return nil
}

func (a *app) unblockCommand() *cobra.Command {
	return a.boxFlags(&cobra.Command{
		Use:   "unblock ADDRESS",
		Short: "Let a blocked source in again",
		Args:  takes(1, 1, "one address, as callbox blocks shows it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.connect()
			if err != nil {
				return err
			}
			if _, err := b.ask(cmd.Context(), "DELETE", "/v1/blocks/"+url.PathEscape(args[0]), nil); err != nil {
				return err
			}
			return a.said(cmd, map[string]any{"unblocked": args[0]}, "%s may come in again.", args[0])
		},
	})
}
