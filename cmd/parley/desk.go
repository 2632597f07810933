// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/verbs"
	"example.org/parley/internal/view"
	"example.org/parley/words"
)

// desk arms this terminal's desk as long as it runs, shows the board, and takes verbs line by line.
func (a *app) desk() *cobra.Command {
	var signOn, quiet bool
	c := &cobra.Command{Use: "desk", Short: "A desk in a terminal: it rings as long as this runs; verbs are typed line by line.", Args: nargs(0, 0)}
	c.Flags().BoolVar(&signOn, "sign-on", false, "sign on here first, as the officer listed for this account")
	c.Flags().BoolVar(&quiet, "quiet", false, "only ring: draw nothing, so that nothing counts as shown here")
	c.RunE = func(c *cobra.Command, _ []string) error {
		typed := a.typed(c.Context())
		over := control.Session()
		for armed, said := false, ""; ; {
			err := a.sit(c.Context(), typed, signOn, quiet, &armed)
			switch { // who waits goes on waiting; a node that was there may come back
			case err == nil || c.Context().Err() != nil:
				return nil
			case !armed && !hint.Of(err).Wait:
				return err
			case over(): // nobody sits here any more
				return hint.New("", "the session of this desk has ended")
			case err.Error() != said:
				said = err.Error()
				a.complain(hint.New("waiting for it", "%v", err))
			}
			pause(c.Context(), time.Second)
		}
	}
	return c
}

// sit arms the desk and stays until the person leaves; an error says that the node has gone, or why it did not arm.
func (a *app) sit(ctx context.Context, typed <-chan string, signOn, quiet bool, armed *bool) error {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	n := a.node()
	r, changed, err := n.Watch(ctx, a.line, a.lang, act.SetDesk{Armed: true, Sound: act.NoSound})
	if err != nil {
		return a.known(err)
	}
	*armed = true
	err = a.print(r)
	for signOn && err == nil {
		if err = a.do(ctx, n, act.SignOn{}); !hint.Of(err).Wait {
			break
		}
		pause(ctx, 100*time.Millisecond) // the node is starting; it rings meanwhile
		err = ctx.Err()
	}
	if err != nil {
		*armed = errors.Is(err, control.ErrNotRunning)
		return err
	}
	return a.board(ctx, n, changed, typed, quiet)
}

// do carries out an act, and prints.
func (a *app) do(ctx context.Context, n *control.Client, x act.Act) error {
	r, err := n.Do(ctx, a.line, a.lang, x)
	if err != nil {
		return err
	}
	return a.print(r)
}

// board shows how the line stands whenever that changes, and carries out typed lines.
func (a *app) board(ctx context.Context, n *control.Client, changed <-chan struct{}, typed <-chan string, quiet bool) error {
	last, line, held := "", "", false // held: what a typed line brought stays in view until the next one
	for {
		if !quiet && !held {
			if err := a.draw(ctx, n, &last); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case _, ok := <-changed:
			if !ok {
				return hint.New("", "%v: it went away", control.ErrNotRunning)
			}
			time.Sleep(200 * time.Millisecond) // many changes, one drawing
			if held {
				a.types(ctx, n, &line)
			}
		case s, ok := <-typed:
			switch strings.TrimSpace(s) {
			case "q", "quit", "exit":
				return nil
			case "":
				if !ok { // the end of the input
					return nil
				}
				held, last = false, "" // what was refused has been read
			default:
				held = !a.verb(ctx, n, s)
			}
		}
	}
}

// typed gives the lines that a person types; nothing is read where nobody can type.
func (a *app) typed(ctx context.Context) <-chan string {
	f, ok := a.in.(*os.File)
	if !ok || !isTerminal(f) {
		return nil
	}
	ch := make(chan string)
	go func() {
		defer close(ch)
		for in := bufio.NewScanner(io.LimitReader(f, 1<<40)); in.Scan(); {
			select {
			case ch <- in.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return ch
}

// types shows how the line grows that the other side types beside a call, below what is held in view.
func (a *app) types(ctx context.Context, n *control.Client, was *string) {
	var v view.Desk
	if n.Ask(ctx, a.line, a.lang, act.Status, &v) != nil {
		return
	}
	for _, l := range slices.Backward(v.Call.Text) {
		if l.Ours {
			continue
		}
		if now := l.In(a.lang); now != *was {
			*was = now
			fmt.Fprint(a.out, "\r\x1b[K", now)
		}
		return
	}
}

// verb carries out one typed line, as the shell would; a line beside a call that was taken stands on the board.
func (a *app) verb(ctx context.Context, n *control.Client, s string) (onBoard bool) {
	argv, err := verbs.Split(s)
	var x act.Act
	if err == nil {
		x, err = verbs.Parse(argv, time.Now())
	}
	if err == nil {
		err = silent(x)
	}
	if err == nil {
		err = a.do(ctx, n, x)
	}
	if _, is := x.(act.TypeLine); is && err == nil {
		return true
	}
	a.exit(err)
	fmt.Fprintln(a.err, a.tr("(Enter: the board · q: leave)"))
	return false
}

// draw prints status and inbox where they differ from what was printed last.
func (a *app) draw(ctx context.Context, n *control.Client, last *string) error {
	var b strings.Builder
	for _, x := range []act.Act{act.Status, act.Inbox} {
		r, err := n.Do(ctx, a.line, a.lang, x)
		if e := hint.Of(err); e.Wait {
			b.WriteString(e.In(a.lang, words.Say).What + "\n")
			break
		}
		if err != nil {
			return err
		}
		if t := strings.TrimRight(r.Text, "\n"); t != "" {
			b.WriteString(t + "\n")
		}
	}
	if b.String() == *last {
		return nil
	}
	*last = b.String()
	head := ""
	if isTerminal(a.out) {
		head = "\x1b[H\x1b[2J"
	}
	_, err := fmt.Fprint(a.out, head+*last)
	return err
}

// ring rings, and says what comes of it: without wait until a desk there rings, with it until the ring or the call has
// ended; then this terminal is armed, and the interrupt key hangs up. Nobody reached is no success.
//
// SPEC: CLI-032
func (a *app) ring(ctx context.Context, x act.Ring, wait bool) error {
	stay, leave := context.WithCancel(context.Background()) // the interrupt key hangs up first
	defer leave()
	n, first := a.node(), act.Act(act.Status)
	if wait {
		first = act.SetDesk{Armed: true, Sound: act.NoSound}
	}
	r, changed, err := n.Watch(stay, a.line, a.lang, first)
	if err == nil && wait {
		err = a.print(r)
	}
	if err == nil {
		_, err = n.Do(ctx, a.line, a.lang, x)
	}
	if err != nil {
		return a.known(err)
	}
	connected, word := false, ""
	for {
		var v view.Desk
		if err := n.Ask(stay, a.line, a.lang, act.Status, &v); err != nil {
			return err
		}
		over := v.Call.State == "idle" || v.Call.State == "ended"
		if over {
			v.Call.Word = cmp.Or(v.Call.OutcomeWas, v.Call.Word)
		}
		if v.Call.Word != word && !a.json {
			word = v.Call.Word
			fmt.Fprintln(a.out, word)
		}
		connected = connected || v.Call.State == "connected"
		if over || !wait && v.Call.State != "calling" {
			if a.json {
				err = a.printJSON(v.Call)
			}
			if err == nil && over && !connected {
				err = exitError(exitRefused)
			}
			return err
		}
		select {
		case <-ctx.Done():
			return a.do(stay, n, act.HangUp{})
		case <-time.After(time.Second):
		case _, ok := <-changed:
			if !ok {
				return hint.New("", "%v: it went away", control.ErrNotRunning)
			}
		}
	}
}

// silent refuses a sound that a terminal does not have: the call would connect, and nothing would be heard.
func silent(x act.Act) error {
	sound := ""
	switch x := x.(type) {
	case act.Ring:
		sound = x.Sound
	case act.Answer:
		sound = x.Sound
	}
	if sound == "" || strings.HasPrefix(sound, "tone ") {
		return nil
	}
	return hint.New("the page has: parley open; or a tone of the node's: --sound 'tone 440'", act.NoSound)
}
