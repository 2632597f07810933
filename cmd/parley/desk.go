// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/verbs"
	"example.org/parley/internal/view"
)

// desk arms this terminal's desk as long as it runs, shows the board, and takes verbs line by line.
func (a *app) desk() *cobra.Command {
	var signOn, quiet bool
	c := &cobra.Command{Use: "desk", Short: "A desk in a terminal: it rings as long as this runs; verbs are typed line by line.", Args: nargs(0, 0)}
	c.Flags().BoolVar(&signOn, "sign-on", false, "sign on here first, as the officer listed for this account")
	c.Flags().BoolVar(&quiet, "quiet", false, "only ring: draw nothing, so that nothing counts as shown here")
	c.RunE = func(c *cobra.Command, _ []string) error {
		err := a.sit(c.Context(), signOn, quiet)
		for errors.Is(err, errAway) { // it was there: it may come back
			a.complain(err.Error(), "waiting for it")
			select {
			case <-c.Context().Done():
				return nil
			case <-time.After(time.Second):
			}
			if err = a.sit(c.Context(), signOn, quiet); errors.Is(err, control.ErrNotRunning) {
				err = errAway
			}
		}
		return err
	}
	return c
}

// errAway says that the node of a desk that was armed has gone.
var errAway = errors.New("the node went away")

// sit arms the desk and stays.
func (a *app) sit(ctx context.Context, signOn, quiet bool) error {
	k, err := a.dial()
	if err != nil {
		return err
	}
	defer k.Close()
	if err := a.do(k, act.SetDesk{Armed: true, Sound: act.NoSound}); err != nil {
		return err
	}
	for signOn {
		err := a.do(k, act.SignOn{})
		if !waits(err) {
			if err != nil {
				return err
			}
			break
		}
		select { // it rings meanwhile
		case <-ctx.Done():
			return nil
		case <-time.After(100 * time.Millisecond):
		}
	}
	if err = a.board(ctx, k, quiet); errors.Is(err, control.ErrNotRunning) {
		return errAway
	}
	return err
}

// waits reports whether a refusal ends by itself: the node is starting.
func waits(err error) bool {
	var e *act.Error
	return errors.As(err, &e) && e.Wait
}

// do carries out an act on a connection that stays open, and prints.
func (a *app) do(k *control.Client, x act.Act) error {
	r, err := k.Do(a.line, a.lang, x)
	if err != nil {
		return err
	}
	return a.print(r)
}

// changes tells of every change of the line, gathered, until the context ends; closed when the node goes.
func (a *app) changes(ctx context.Context) (<-chan struct{}, error) {
	w, err := control.Dial(a.home())
	if err != nil {
		return nil, err
	}
	if err := w.Watch(a.line); err != nil {
		w.Close()
		return nil, err
	}
	ch := make(chan struct{}, 1)
	context.AfterFunc(ctx, func() { w.Close() })
	go func() {
		defer close(ch)
		for w.Next() == nil {
			select {
			case ch <- struct{}{}:
			default:
			}
		}
	}()
	return ch, nil
}

// board shows how the line stands whenever that changes, and carries out typed lines.
func (a *app) board(ctx context.Context, k *control.Client, quiet bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ch, err := a.changes(ctx)
	if err != nil {
		return err
	}
	typed := a.typed(ctx)
	last, held := "", false // held: what a typed line brought stays in view until the next one
	for {
		if !quiet && !held {
			if err := a.draw(k, &last); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case _, ok := <-ch:
			if !ok {
				return fmt.Errorf("%w: it went away", control.ErrNotRunning)
			}
			time.Sleep(200 * time.Millisecond) // many changes, one drawing
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
				held = a.verb(k, s)
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

// verb carries out one typed line, as the shell would, and says whether it printed something to be read.
func (a *app) verb(k *control.Client, s string) bool {
	argv, err := verbs.Split(s)
	var x act.Act
	if err == nil {
		x, err = verbs.Parse(argv, time.Now())
	}
	if err == nil {
		err = silent(x)
	}
	if err == nil {
		err = a.do(k, x)
	}
	a.exit(err)
	fmt.Fprintln(a.err, "(Enter: the board · q: leave)")
	return true
}

// draw prints status and inbox where they differ from what was printed last.
func (a *app) draw(k *control.Client, last *string) error {
	var b strings.Builder
	for _, x := range []act.Act{act.Status, act.Inbox} {
		r, err := k.Do(a.line, a.lang, x)
		if waits(err) {
			b.WriteString(err.Error() + "\n")
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
	k, err := a.dial()
	if err != nil {
		return err
	}
	defer k.Close()
	if wait {
		if err := a.do(k, act.SetDesk{Armed: true, Sound: act.NoSound}); err != nil {
			return err
		}
	}
	if _, err := k.Do(a.line, a.lang, x); err != nil {
		return err
	}
	wctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ch, err := a.changes(wctx)
	if err != nil {
		return err
	}
	connected, word := false, ""
	for {
		var v view.StatusView
		r, err := k.Do(a.line, a.lang, act.Status)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(r.Data, &v); err != nil {
			return fmt.Errorf("couldn't read the status: %w", err)
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
			return a.rang(v.Call, over && !connected)
		}
		select {
		case <-ctx.Done():
			return a.do(k, act.HangUp{})
		case <-time.After(time.Second):
		case _, ok := <-ch:
			if !ok {
				return fmt.Errorf("%w: it went away", control.ErrNotRunning)
			}
		}
	}
}

// rang ends a ring: with --json it prints the call as it is now.
func (a *app) rang(c view.Call, failed bool) error {
	if a.json {
		if err := a.printJSON(c); err != nil {
			return err
		}
	}
	if failed {
		return exitError(exitRefused)
	}
	return nil
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
	return &act.Error{What: act.NoSound, Hint: "the page has: parley open; or a tone of the node's: --sound 'tone 440'"}
}
