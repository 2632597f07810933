// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/verbs"
	"example.org/parley/internal/view"
)

// noSound is why a terminal has no sound; a call answered there is heard at a page.
const noSound = "a terminal has no sound"

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
	k, line, err := a.dial()
	if err != nil {
		return err
	}
	defer k.Close()
	if err := a.do(k, line, act.Desk{Armed: true, Sound: noSound}); err != nil {
		return err
	}
	for signOn {
		err := a.do(k, line, act.SignOn{})
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
	if err = a.board(ctx, k, line, quiet); errors.Is(err, control.ErrNotRunning) {
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
func (a *app) do(k *control.Client, line string, x act.Act) error {
	r, err := k.Do(line, a.lang, x)
	if err != nil {
		return err
	}
	return a.print(r)
}

// changes tells of every change of the line, gathered, until the context ends; closed when the node goes.
func (a *app) changes(ctx context.Context, line string) (<-chan struct{}, error) {
	w, err := control.Dial(a.home())
	if err != nil {
		return nil, err
	}
	if err := w.Watch(line); err != nil {
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
func (a *app) board(ctx context.Context, k *control.Client, line string, quiet bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ch, err := a.changes(ctx, line)
	if err != nil {
		return err
	}
	typed := a.typed(ctx)
	last := ""
	for {
		if !quiet {
			if err := a.draw(k, line, &last); err != nil {
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
			if !ok {
				typed = nil
				continue
			}
			a.verb(k, line, s)
		}
	}
}

// typed gives the lines that a person types; nothing is read where nobody can type.
func (a *app) typed(ctx context.Context) <-chan string {
	f, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
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

// verb carries out one typed line, as the shell would.
func (a *app) verb(k *control.Client, line, s string) {
	argv, err := verbs.Split(s)
	if err == nil && len(argv) == 0 {
		return
	}
	var x act.Act
	if err == nil {
		x, err = verbs.Parse(argv, time.Now())
	}
	if err == nil {
		err = a.do(k, line, x)
	}
	a.exit(err)
}

// draw prints status and inbox where they differ from what was printed last.
func (a *app) draw(k *control.Client, line string, last *string) error {
	var b strings.Builder
	for _, x := range []act.Act{act.Status{}, act.Inbox{}} {
		r, err := k.Do(line, a.lang, x)
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
	if f, ok := a.out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		head = "\x1b[H\x1b[2J"
	}
	_, err := fmt.Fprint(a.out, head+*last)
	return err
}

// ringAndWait rings and stays until the ring or the call has ended; the interrupt key hangs up.
//
// SPEC: CLI-032
func (a *app) ringAndWait(ctx context.Context, x act.Act) error {
	k, line, err := a.dial()
	if err != nil {
		return err
	}
	defer k.Close()
	for _, x := range []act.Act{act.Desk{Armed: true, Sound: noSound}, x} {
		if err := a.do(k, line, x); err != nil {
			return err
		}
	}
	wctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ch, err := a.changes(wctx, line)
	if err != nil {
		return err
	}
	connected, word := false, ""
	for {
		r, err := k.Do(line, a.lang, act.Status{})
		if err != nil {
			return err
		}
		var v view.StatusView
		if err := json.Unmarshal(r.Data, &v); err != nil {
			return fmt.Errorf("couldn't read the status: %w", err)
		}
		if w := v.Call.Word; w != word {
			word = w
			fmt.Fprintln(a.out, w)
		}
		switch v.Call.State {
		case "connected":
			connected = true
		case "idle", "ended":
			if !connected {
				return exitError(exitRefused)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return a.do(k, line, act.HangUp{})
		case <-time.After(time.Second):
		case _, ok := <-ch:
			if !ok {
				return fmt.Errorf("%w: it went away", control.ErrNotRunning)
			}
		}
	}
}
