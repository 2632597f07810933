// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/verbs"
)

// addActs makes a command of every row of the table of verbs.
//
// SPEC: CLI-022
func (a *app) addActs(root *cobra.Command) {
	desk := a.desk()
	desk.GroupID = "people"
	root.AddCommand(desk)
	parents := map[string]*cobra.Command{"desk": desk}
	for _, v := range act.Table {
		if v.Name == "" { // a command of ours does it
			continue
		}
		first, rest, two := strings.Cut(v.Name, " ")
		c := a.actCommand(v)
		if !two {
			c.GroupID = v.Group
			parents[first] = c
			root.AddCommand(c)
			continue
		}
		p := parents[first]
		if p == nil {
			p = group(first, "")
			p.GroupID, p.Long, parents[first] = v.Group, "Type one of the verbs below after it.", p
			root.AddCommand(p)
		}
		if first != "stop" && first != "desk" {
			p.Short = strings.Trim(p.Short+"|"+rest, "|")
		}
		p.AddCommand(c)
	}
	parents["line"].AddCommand(a.erase())
	for _, c := range a.keys() {
		parents["key"].AddCommand(c)
		parents["key"].Short += "|" + c.Name()
	}
}

// actCommand makes one command.
func (a *app) actCommand(v act.Verb) *cobra.Command {
	words := strings.Fields(v.Name)
	c := &cobra.Command{Use: strings.TrimSpace(strings.TrimPrefix(verbs.Usage(v), "parley "+strings.Join(words[:len(words)-1], " "))), Short: v.Short, Args: cobra.ArbitraryArgs, Hidden: v.Rule&act.Hidden != 0}
	build := verbs.Bind(v, c.Flags())
	wait := new(bool)
	if v.Name == "ring" {
		wait = c.Flags().Bool("wait", false, "stay until the ring or the call has ended; Ctrl-C hangs up")
	}
	all := new(bool)
	if v.Name == "stop" || v.Name == "open" {
		all = c.Flags().Bool("all", false, map[string]string{"stop": "to every line of the home", "open": "the page of every line of the home"}[v.Name])
	}
	page := new(bool)
	if v.Name == "card" {
		page = c.Flags().Bool("html", false, "as a page to print on A6, with the keys of the desk")
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if *page {
			return a.card()
		}
		x, err := build(args, time.Now())
		if err == nil {
			err = silent(x)
		}
		if err != nil {
			return err
		}
		switch x := x.(type) {
		case act.Ring:
			return a.ring(c.Context(), x, *wait)
		case act.PressDraft:
			return a.draft(c, x)
		case act.PressRelease:
			return a.release(c, x)
		}
		if *all && x != act.Open {
			return a.every(c.Context(), x)
		}
		if *all {
			a.line = control.EveryLine
		}
		return a.ask(c.Context(), x)
	}
	return c
}

// every carries out an act on each line, and prints what came of each; one that failed is no success.
//
// SPEC: CLI-046
func (a *app) every(ctx context.Context, x act.Act) error {
	var out []act.Came
	err := a.node().Ask(ctx, control.EveryLine, a.lang, x, &out)
	if err != nil {
		return a.known(err)
	}
	if a.json {
		err = a.printJSON(out)
	}
	for _, o := range out {
		switch {
		case o.Error != nil:
			err = exitError(exitRefused)
			if !a.json {
				a.complain(&hint.Error{What: o.Line + ": " + o.Error.What, Hint: o.Error.Hint})
			}
		case !a.json:
			fmt.Fprintln(a.out, o.Line+"  "+strings.TrimSpace(o.ID+"  "+o.Text))
		}
	}
	return err
}

// node is the node of the home. No file there is read: which line is meant, the node says.
//
// SPEC: CLI-036
func (a *app) node() *control.Client {
	c := control.To(a.home())
	c.Sees = !a.json && isTerminal(a.out)
	return c
}

// known says of a node that does not answer what is wrong with its home, where that is the reason.
func (a *app) known(err error) error {
	if errors.Is(err, control.ErrNotRunning) && a.home().Owned() == nil {
		if _, none := a.home().Pick(a.line); none != nil {
			return none
		}
	}
	return err
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// ask carries out one act and prints what came of it.
func (a *app) ask(ctx context.Context, x act.Act) error {
	return a.known(a.do(ctx, a.node(), x))
}

// print shows a reply: with --json exactly its view, else its text.
//
// SPEC: CLI-031
func (a *app) print(r act.Reply) error {
	if a.json {
		if b, ok := r.Data.(json.RawMessage); ok && len(b) > 0 {
			return a.printJSON(b)
		}
		return a.printJSON(act.Reply{ID: r.ID, Text: r.Text})
	}
	text := strings.TrimRight(r.Text, "\n")
	if r.ID != "" && !strings.Contains(text, r.ID) {
		text = strings.TrimSpace(r.ID + "  " + text)
	}
	if text == "" {
		return nil
	}
	_, err := fmt.Fprintln(a.out, text)
	if b, ok := r.Data.(json.RawMessage); ok && err == nil {
		var slip struct{ URL, Code string }
		if json.Unmarshal(b, &slip) == nil && slip.Code != "" { // it can be photographed. SPEC: PAG-070
			_, err = fmt.Fprint(a.out, drawQR(slip.URL))
		}
	}
	return err
}
