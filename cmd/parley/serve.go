// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"example.org/parley/check"
	"example.org/parley/internal/act"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
	"example.org/parley/internal/link"
	"example.org/parley/internal/node"
)

// service is a running home: its lines, each waiting for a sheet, pairing or in service.
type service struct {
	home     home.Home
	log      *slog.Logger
	pageHost string // under which the page is asked, "" for its own address
	frame    string // origin of the demo's page
	demo     bool
	ctl      *control.Server

	mu    sync.Mutex
	lines map[string]control.Line // guarded by mu
}

// serve runs the node of a home in the foreground.
func (a *app) serve() *cobra.Command {
	s := &service{lines: map[string]control.Line{}}
	c := &cobra.Command{Use: "serve", Short: "Run the node: every line of the home, until it is stopped.", Args: nargs(0, 0)}
	c.Flags().StringVar(&s.pageHost, "page-host", "", "name and port under which the page is asked")
	c.Flags().StringVar(&s.frame, "frame", "", "the only origin that may frame the page")
	c.Flags().BoolVar(&s.demo, "demo", false, "label the lines as a demo's")
	_ = c.Flags().MarkHidden("frame")
	_ = c.Flags().MarkHidden("demo")
	c.RunE = func(c *cobra.Command, _ []string) error {
		s.home, s.log = a.home(), slog.New(slog.NewTextHandler(a.err, nil))
		return s.run(c.Context(), a.line)
	}
	return c
}

// run serves until ctx ends or a line cannot go on.
func (s *service) run(ctx context.Context, only string) error {
	names, err := s.home.Lines()
	if err == nil && (only != "" || len(names) == 0) {
		only, err = s.home.Pick(only)
		names = []string{only}
	}
	for _, n := range names { // what is wrong at the start is said at the start
		if err == nil {
			_, err = s.home.Load(n)
		}
	}
	if err != nil {
		return err
	}
	if s.ctl, err = control.Listen(s.home, s.find, s.log); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	for _, n := range names {
		wg.Go(func() {
			if err := s.line(ctx, n); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	}
	s.log.Info("serving", "home", s.home.Dir, "lines", names)
	err = s.ctl.Serve(ctx)
	cancel(err)
	wg.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// find gives a line as it is now.
func (s *service) find(name string) (control.Line, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.lines[name]; l != nil {
		return l, nil
	}
	return nil, &act.Error{What: fmt.Sprintf("the line %s is not in service", name), Hint: "enter the other party's sheet: parley pair FILE"}
}

func (s *service) set(name string, l control.Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines[name] = l
}

// lookAgain is how often a line's sheets are looked at before the genesis stands: pair writes them while we run.
const lookAgain = 300 * time.Millisecond

// line takes one line through its states, each time as its directory says.
func (s *service) line(ctx context.Context, name string) error {
	for ctx.Err() == nil {
		l, err := s.home.Load(name)
		switch {
		case err != nil:
			return err
		case l.Theirs == nil:
			select {
			case <-ctx.Done():
			case <-time.After(lookAgain):
			}
		case l.Genesis == nil || handoverPending(l):
			err = s.pair(ctx, l)
		default:
			return s.node(ctx, l)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// handover is how long B offers the signed genesis before it goes into service without A's word.
const handover = 60 * time.Second

// pair leads the pairing; a sheet entered or issued meanwhile begins it anew.
func (s *service) pair(ctx context.Context, l *home.Line) error {
	d, err := newPairing(l, func() (pairLink, error) { return s.pairLink(l) }, rand.Reader, s.log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		before := sheetsMark(l)
		for t := time.NewTicker(lookAgain); ctx.Err() == nil; {
			select {
			case <-ctx.Done():
				t.Stop()
			case <-t.C:
				if sheetsMark(l) != before {
					cancel()
				}
			}
		}
	}()
	s.set(l.Name, d)
	s.log.Info("pairing", "line", l.Name, "with", l.Theirs.Party)
	err = d.Run(ctx, handover)
	s.set(l.Name, nil)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// sheetsMark changes whenever a sheet is written.
func sheetsMark(l *home.Line) (mark string) {
	for _, f := range []string{"sheet.ours", "sheet.theirs"} {
		if st, err := os.Stat(filepath.Join(l.Dir, f)); err == nil {
			mark += fmt.Sprint(st.ModTime().UnixNano(), " ")
		}
	}
	return mark
}

// linkConfig is what pairing and node have in common: pinned keys, addresses, the silent handshake's key.
func (s *service) linkConfig(l *home.Line) (link.Config, error) {
	binds, routes, err := l.Paths()
	if err != nil {
		return link.Config{}, err
	}
	c := link.Config{Key: l.Keys.Link, Peers: []ed25519.PublicKey{l.Theirs.Link}, Tag: l.Tag(), First: l.First(), Binds: binds, Log: s.log}
	for _, r := range routes {
		c.Paths = append(c.Paths, link.PathConfig{Label: r.Label, Bind: r.Bind, Remote: r.Remote})
	}
	return c, nil
}

// pairLink opens the session of a pairing.
func (s *service) pairLink(l *home.Line) (pairLink, error) {
	c, err := s.linkConfig(l)
	if err != nil {
		return nil, err
	}
	c.Run, c.Tag = newRun(), l.PairingTag()
	c.Greeting, c.OnFrame = func() []byte { return []byte("pairing") }, func(link.Frame) {}
	return link.Open(c)
}

// newRun names a pairing's session as runs are named.
func newRun() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b)
	for i := range b {
		b[i] = "0123456789abcdefghjkmnpqrstvwxyz"[b[i]%32]
	}
	return string(b)
}

// node runs a line that is in service, with its page and sound, until ctx ends.
func (s *service) node(ctx context.Context, l *home.Line) error {
	cfg, err := s.nodeConfig(l)
	if err != nil {
		return err
	}
	n, err := node.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer n.Close()
	f, err := s.openFace(ctx, l, n)
	if err != nil {
		return err
	}
	defer f.Close()
	s.set(l.Name, f)
	s.ctl.Restore(ctx, l.Name, f)
	s.log.Info("in service", "line", l.Name, "with", l.Theirs.Party, "page", l.Config.Page)
	select {
	case <-ctx.Done():
		return nil
	case err := <-f.failed:
		return err
	}
}

// nodeConfig gives the node what the home holds.
func (s *service) nodeConfig(l *home.Line) (node.Config, error) {
	lc, err := s.linkConfig(l)
	if err != nil {
		return node.Config{}, err
	}
	terms, err := l.TermsOf()
	if err != nil {
		return node.Config{}, err
	}
	sheetA, sheetB := l.Sheets()
	_, place, _ := l.Genesis.Side(l.Ours.Party)
	letters := l.Genesis.Letters()
	c := node.Config{
		Name: l.Genesis.Line, DB: l.DB(), First: l.First(), Key: l.Keys.Sign,
		Us:      node.Party{Name: l.Ours.Party, Letter: letters[place], SignKey: l.Ours.Sign, Link: l.Ours.Link},
		Them:    node.Party{Name: l.Theirs.Party, Letter: letters[1-place], SignKey: l.Theirs.Sign, Link: l.Theirs.Link},
		Genesis: l.Genesis.Hash, GenesisText: l.Genesis.Note, Terms: l.Terms, Sheets: [][]byte{sheetA.Note, sheetB.Note}, Sheet: l.Theirs.Issue, Station: l.Config.Station,
		Schedule: check.Schedule(terms.Schedule), Demo: s.demo || l.Config.Demo, Now: time.Now, Boot: bootClock, Rand: rand.Reader, Log: s.log.With("line", l.Name),
	}
	c.Link = func(run string, greeting func() []byte, onFrame func(link.Frame)) (node.Link, error) {
		lc.Run, lc.Greeting, lc.OnFrame = run, greeting, onFrame
		return link.Open(lc)
	}
	return c, nil
}

// bootClock is CLOCK_BOOTTIME: it goes on while the machine sleeps, and nobody steps it.
func bootClock() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
