// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"example.org/parley/call"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/view"
)

// What a notifier may cost, and how often it says that it is there.
const (
	commandTakes = 10 * time.Second
	maxQueued    = 64 // events of one sort that wait for their command
	maxTold      = 4096
	noteEvery    = act.NotifierEvery
)

// escalates are the times of unanswered ringing at which on-ring is told again; at the last a ring ends as not answered, so
// that one which has ended so counts as one that rang so long.
var escalates = []time.Duration{0, 20 * time.Second, 60 * time.Second}

// notice is what a command reads on its standard input, one line of JSON. It tells what waits and not what was said.
type notice struct {
	What       string    `json:"what"` // ring alarm message stop
	Line       string    `json:"line"`
	Party      string    `json:"party"` // ours
	Peer       string    `json:"peer"`
	ID         string    `json:"id"`
	At         time.Time `json:"at"`                   // since when it rings, stands or waits
	Seconds    int       `json:"seconds"`              // of ringing: 0, 20 or 60
	Precedence string    `json:"precedence,omitempty"` // of a message
	Priority   string    `json:"priority,omitempty"`   // of an alarm, or why a ring is a priority ring
	Class      string    `json:"class,omitempty"`
	Mark       string    `json:"mark,omitempty"` // exercise: it is one
	Words      string    `json:"words"`          // to be read aloud
	key        string    // of a STOP, whose id changes once it is recorded
}

// notifier tells commands of what happens on a line, and the line how that goes.
type notifier struct {
	a      *app
	log    *slog.Logger
	on     map[string]*outside
	told   map[string]bool // events, by what they are about
	failed string          // what had failed when the node was told last
	rang   notice          // the ring that was seen last
}

// outside is the command that is run for one sort of event.
type outside struct {
	argv  []string
	queue chan notice

	mu     sync.Mutex
	failed string // how the last one failed, "" where it did not; guarded by mu
}

// notify runs commands for what happens on a line, outside the node's sandbox, until it is stopped.
//
// SPEC: CLI-070
func (a *app) notify() *cobra.Command {
	var ring, alarm, message string
	c := &cobra.Command{Use: "notify", Short: "Run a command for a ring, an alarm or a message: a bell that rings outside the browser.", Args: nargs(0, 0)}
	c.Flags().StringVar(&ring, "on-ring", "", "command for a ring that is not answered: at once, after 20 s, and after 60 s, when it ends as not answered")
	c.Flags().StringVar(&alarm, "on-alarm", "", "command for an alarm that is raised")
	c.Flags().StringVar(&message, "on-message", "", "command for a message or a STOP that waits here")
	c.RunE = func(c *cobra.Command, _ []string) error {
		n := &notifier{a: a, log: slog.New(slog.NewTextHandler(a.err, nil)), on: map[string]*outside{}, told: map[string]bool{}}
		for name, line := range map[string]string{"ring": ring, "alarm": alarm, "message": message} {
			if argv := strings.Fields(line); len(argv) > 0 {
				if _, err := exec.LookPath(argv[0]); err != nil {
					return hint.New("give the path of a program; what happens comes as one line of JSON on its standard input", "on-%s: %v", name, err)
				}
				n.on[name] = &outside{argv: argv, queue: make(chan notice, maxQueued)}
			}
		}
		if len(n.on) == 0 {
			return hint.Usage("parley notify --on-ring /usr/local/bin/bell", "notify: what is to be run?")
		}
		return n.run(c.Context())
	}
	return c
}

// run watches the line until ctx ends. A node that goes away is waited for.
func (n *notifier) run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, c := range n.on {
		wg.Go(func() { n.work(ctx, c) })
	}
	for said := ""; ctx.Err() == nil; pause(ctx, time.Second) {
		err := n.watch(ctx)
		if err != nil && ctx.Err() == nil && err.Error() != said {
			said = err.Error()
			n.log.Warn("waiting for the node", "err", err)
		}
	}
	return nil
}

// watch follows one life of the node.
func (n *notifier) watch(ctx context.Context) error {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	node := n.a.node()
	_, changed, err := node.Watch(ctx, n.a.line, n.a.lang, act.Status)
	if err != nil {
		return err
	}
	tick := time.NewTicker(time.Second) // ringing goes on without a change
	defer tick.Stop()
	for last := (time.Time{}); ; {
		if err := n.look(ctx, node); err != nil {
			return err
		}
		if time.Since(last) >= noteEvery || n.news() {
			last = time.Now()
			if _, err := node.Do(ctx, n.a.line, n.a.lang, n.state()); err != nil {
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
		case <-tick.C:
		}
	}
}

// look asks for the line's state and queues what is new in it.
func (n *notifier) look(ctx context.Context, node *control.Client) error {
	var status, inbox view.Desk
	for q, d := range map[act.Plain]*view.Desk{act.Status: &status, act.Inbox: &inbox} {
		if err := node.Ask(ctx, n.a.line, n.a.lang, q, d); err != nil {
			return err
		}
	}
	n.tell(status, inbox, time.Now())
	return nil
}

// tell queues what is new in a line's state.
func (n *notifier) tell(status, inbox view.Desk, at time.Time) {
	now := map[string]bool{}
	defer func() {
		if len(n.told) > maxTold { // what is over does not come again
			n.told = now
		}
	}()
	for _, e := range append(n.ring(status.Call, at), waiting(status, inbox)...) {
		e.Line, e.Party, e.Peer = status.Line, status.Header.Party, status.Header.Peer
		sort := map[string]string{"stop": "message"}[e.What]
		if sort == "" {
			sort = e.What
		}
		key := fmt.Sprint(e.What, " ", cmp.Or(e.key, fmt.Sprint(e.ID, " ", e.At.Unix())), " ", e.Seconds)
		now[key] = true
		c := n.on[sort]
		if c == nil || n.told[key] {
			continue
		}
		n.told[key] = true
		select {
		case c.queue <- e:
		default:
			c.set(fmt.Sprintf("%d wait for %s, and one was dropped", maxQueued, c.argv[0]))
		}
	}
}

// ring is the notice of a ring: of one that rings here, by how long it has, and of one that ended without an answer.
func (n *notifier) ring(c view.Call, now time.Time) []notice {
	last := len(escalates) - 1
	switch {
	case c.State == "ringing-here":
		for last > 0 && now.Sub(c.Since) < escalates[last] {
			last--
		}
		n.rang = notice{What: "ring", ID: c.ID, At: c.Since, Class: c.Class, Mark: c.Mark, Priority: c.Priority, Words: c.Word}
	case c.ID == n.rang.ID && c.Outcome == call.NoAnswer:
		n.rang.Words = c.OutcomeWas
	default:
		return nil
	}
	n.rang.Seconds = int(escalates[last].Seconds())
	return []notice{n.rang}
}

// waiting are the notices of alarms that nobody has acknowledged, and of what waits for somebody.
func waiting(status, inbox view.Desk) (out []notice) {
	for _, a := range status.Alarms {
		if a.AckedAt.IsZero() && a.Gone.IsZero() {
			out = append(out, notice{What: "alarm", ID: a.Name(), At: a.Raised, Priority: a.Priority, Words: strings.TrimSpace(a.Cause + ": " + a.Do)})
		}
	}
	for _, s := range inbox.Stops {
		out = append(out, notice{What: "stop", ID: s.ID, At: s.At, Class: s.Class, Mark: s.Mark, Words: strings.TrimSpace("STOP " + s.Scope), key: fmt.Sprint(s.Key, " ", s.Count)})
	}
	for _, m := range inbox.Messages {
		if !m.Ours {
			out = append(out, notice{What: "message", ID: m.ID, At: m.At, Precedence: m.Precedence, Class: m.Class, Mark: m.Mark, Words: strings.TrimSpace(m.Precedence + " " + m.Direction)})
		}
	}
	return out
}

// work runs the command of one sort, one event after another.
func (n *notifier) work(ctx context.Context, c *outside) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-c.queue:
			err := c.exec(ctx, e)
			if err != nil && ctx.Err() == nil {
				n.log.Error("a command failed", "what", e.What, "command", c.argv[0], "err", err)
				c.set(fmt.Sprintf("%s: %v", c.argv[0], err))
			} else if err == nil {
				c.set("")
			}
		}
	}
}

// exec runs the command with the event on its standard input.
func (c *outside) exec(ctx context.Context, e notice) error {
	ctx, cancel := context.WithTimeout(ctx, commandTakes)
	defer cancel()
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Stdin, cmd.WaitDelay = bytes.NewReader(append(line, '\n')), time.Second
	err = cmd.Run()
	if ctx.Err() == context.DeadlineExceeded {
		return fmt.Errorf("it took over %v", commandTakes)
	}
	return err
}

func (c *outside) set(failed string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = failed
}

// state is what the node is told: what this notifier runs, and what of it failed.
func (n *notifier) state() (s act.Notifier) {
	for name, c := range n.on {
		c.mu.Lock()
		if s.On = append(s.On, name); c.failed != "" {
			s.Failed = append(s.Failed, name)
		}
		c.mu.Unlock()
	}
	slices.Sort(s.On)
	slices.Sort(s.Failed)
	return s
}

// news reports whether what failed has changed since it was asked last.
func (n *notifier) news() bool {
	now := strings.Join(n.state().Failed, " ")
	was := n.failed
	n.failed = now
	return was != now
}
