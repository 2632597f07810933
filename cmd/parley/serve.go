// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"example.org/parley/hint"
	"example.org/parley/internal/control"
	"example.org/parley/internal/edge/phone"
	"example.org/parley/internal/home"
	"example.org/parley/internal/link"
	"example.org/parley/internal/node"
	"example.org/parley/internal/page"
	"example.org/parley/internal/store"
	"example.org/parley/party"
	"example.org/parley/record"
)

// service is a running home: its lines, each waiting for a sheet, pairing or in service.
type service struct {
	home      home.Home
	log       *slog.Logger
	pageHosts []string // under which the page is asked beside its own address
	frame     string   // origin of the demo's page
	demo      bool
	ctl       *control.Server
	listen    func(netip.AddrPort) (link.Socket, error) // nil: the machine's
	boot      func() time.Duration
	names     []string // of the lines that this process serves
	board     *page.Board
	metrics   metricsAt
	boardAt   string // its address; "" for one port below the first line's page
	boardPage home.Page

	mu    sync.Mutex
	lines map[string]control.Doer // guarded by mu
	down  map[string]error        // why nothing answers for a line; guarded by mu
}

// serve runs the node of a home in the foreground.
func (a *app) serve() *cobra.Command {
	s := &service{lines: map[string]control.Doer{}, down: map[string]error{}, boot: bootClock}
	c := &cobra.Command{Use: "serve", Short: "Run the node: every line of the home, until it is stopped.", Args: nargs(0, 0)}
	c.Flags().StringArrayVar(&s.pageHosts, "page-host", nil, "name and port under which the page is asked; may be given again")
	c.Flags().StringVar(&s.frame, "frame", "", "the only origin that may frame the page")
	c.Flags().BoolVar(&s.demo, "demo", false, "label the lines as a demo's")
	c.Flags().StringVar(&s.boardAt, "board", "", "address of the page of all lines, where the home has several (default: one port below the first line's page)")
	c.Flags().StringVar(&s.metrics.at, "metrics", "", "address at which a Prometheus server reads how the lines stand: 127.0.0.1:7477")
	c.Flags().StringVar(&s.metrics.file, "metrics-token", "", "file of the token that the Prometheus server brings; must be where others reach the address")
	_ = c.Flags().MarkHidden("frame")
	_ = c.Flags().MarkHidden("demo")
	c.RunE = func(c *cobra.Command, _ []string) error {
		s.home, s.log = a.home(), slog.New(slog.NewTextHandler(a.err, nil))
		if release != "" {
			node.Release = release
		}
		if err := s.metrics.check(); err != nil {
			return err
		}
		return s.run(c.Context(), a.line)
	}
	return c
}

// run serves until ctx ends. What cannot start is down, says why and is tried again; all else starts.
func (s *service) run(ctx context.Context, only string) error {
	names, err := s.home.Lines()
	if err == nil && (only != "" || len(names) == 0) {
		only, err = s.home.Pick(only)
		names = []string{only}
	}
	var bad []error // what is wrong with every line is said at once: there is nothing to start
	for _, n := range names {
		if _, e := s.home.Load(n); e != nil {
			bad = append(bad, e)
		}
	}
	if err == nil && len(bad) == len(names) {
		err = bad[0]
	}
	if err != nil {
		return err
	}
	s.names = names
	if s.ctl, err = control.Listen(s.home, s.find, s.log); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	s.ctl.Every = s.every
	if err := s.openBoard(); err != nil {
		s.log.Error("there is no board", "err", err)
	} else if len(names) > 1 {
		wg.Go(func() { s.keepBoard(ctx) })
	}
	for _, n := range names {
		wg.Go(func() { s.keep(ctx, n) })
	}
	if s.metrics.at != "" {
		wg.Go(func() { s.keepMetrics(ctx) })
	}
	wg.Go(func() { s.notify(ctx) })
	s.log.Info("serving", "home", s.home.Dir, "lines", names)
	err = s.ctl.Serve(ctx)
	cancel()
	wg.Wait()
	return err
}

// keep runs one line until ctx ends. What stops it stops no other line, stands where the line is asked for, and is
// tried again: a file that is put right needs no restart. SPEC: CLI-015
func (s *service) keep(ctx context.Context, name string) {
	since := time.Now()
	var why error
	for ctx.Err() == nil {
		began := time.Now()
		err := s.line(ctx, name)
		if err == nil || ctx.Err() != nil {
			continue
		}
		if by := new(store.Fenced); errors.As(err, &by) {
			s.log.Error("the line is out of service here: two nodes must not speak for one party", "line", name, "err", err)
			s.set(name, nil, hint.New("stop that node first, then start this one again: it takes the record back", "the line %s is out of service on this machine: %v", name, by))
			<-ctx.Done()
			return
		}
		if time.Since(began) > tryAgain {
			since = time.Now()
		}
		if why == nil || why.Error() != err.Error() {
			s.log.Error("the line is down", "line", name, "err", err)
		}
		why = err
		s.set(name, nil, isDown(name, since, err))
		pause(ctx, tryAgain)
		s.set(name, nil, nil)
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// tryAgain is how long a line that cannot run is left before it is tried again.
const tryAgain = 2 * time.Second

// isDown is the answer for a line that cannot run.
func isDown(name string, since time.Time, why error) error {
	e := hint.New("it is tried again by itself", "the line %s is down since %s: %v", name, since.UTC().Format("15:04:05Z"), why)
	if known := hint.Of(why); known.Hint != "" {
		return e.Way("%v; it is tried again by itself", errors.New(known.Hint))
	}
	return e
}

// find gives a line as it is now; "" is the only one.
func (s *service) find(name string) (string, control.Doer, error) {
	name, err := home.PickOf(name, s.names, s.home.Dir)
	if err != nil {
		return name, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lines[name] != nil || s.down[name] != nil {
		return name, s.lines[name], s.down[name]
	}
	if _, err := os.Stat(filepath.Join(s.home.Dir, "lines", name, "sheet.theirs")); err == nil {
		return name, nil, hint.Later("this is possible in a moment", "starting: the line %s is being opened", name)
	}
	return name, nil, hint.New("enter the other party's sheet: parley pair FILE", "the line %s is not in service", name)
}

// set says what answers for a line, or why nothing does.
func (s *service) set(name string, l control.Doer, down error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines[name], s.down[name] = l, down
}

// lookAgain is how often a line's sheets are looked at before the genesis stands: pair writes them while we run.
const lookAgain = 300 * time.Millisecond

// line takes one line through its states, each time as its directory says. It gives nil when the line is to be looked
// at anew.
func (s *service) line(ctx context.Context, name string) error {
	for ctx.Err() == nil {
		l, err := s.home.Load(name)
		switch {
		case err != nil:
			return err
		case l.Genesis == nil && l.Alone != nil:
			err = s.alone(ctx, l)
		case l.Theirs == nil:
			pause(ctx, lookAgain)
		case l.Genesis == nil || signedOnly(l) && !l.IsPartyA():
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

// pair leads the pairing; a sheet entered or issued meanwhile begins it anew.
func (s *service) pair(ctx context.Context, l *home.Line) error {
	d, err := newPairing(l, func() (pairLink, error) { return s.pairLink(l) }, rand.Reader, s.log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go watchSheets(ctx, cancel, l)
	s.set(l.Name, d, nil)
	s.log.Info("pairing", "line", l.Name, "with", l.Theirs.Party)
	err = d.Run(ctx)
	s.set(l.Name, nil, nil)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// watchSheets ends what runs by the sheets as they are once one is written.
func watchSheets(ctx context.Context, cancel func(), l *home.Line) {
	for before := sheetsMark(l); ctx.Err() == nil; pause(ctx, lookAgain) {
		if sheetsMark(l) != before {
			cancel()
		}
	}
}

// alone runs a line alone, and beside it the pairing once the other party's sheet is entered, until the genesis of the
// two stands. SPEC: ALN-010 ALN-020
func (s *service) alone(ctx context.Context, l *home.Line) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go watchSheets(ctx, cancel, l)
	c, err := node.Of(l.Alone, s.log.With("line", l.Name))
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	var d *pairDriver
	if l.Theirs != nil {
		if d, err = newPairing(l, func() (pairLink, error) { return s.pairLink(l) }, rand.Reader, s.log); err != nil {
			return err
		}
		wg.Go(func() {
			if err := d.Run(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("the pairing ended", "line", l.Name, "err", err)
			}
			cancel()
		})
	}
	return s.open(ctx, l, c, d)
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
	c := link.Config{Key: l.Keys.Link, Tag: l.TagKey, IsPartyA: l.IsPartyA(), Listen: s.listen, Log: s.log, Renewed: func(key ed25519.PublicKey) {
		if err := l.Met(key); err != nil {
			s.log.Error("the link key of before lets in again after a restart", "line", l.Name, "err", err)
		}
	}}
	var err error
	if c.Peers, err = l.LinkKeys(); err != nil {
		return c, err
	}
	for _, p := range l.Config.Paths {
		remote, host, err := l.Remote(p)
		if err != nil {
			return c, err
		}
		at := netip.MustParseAddrPort(p.At()) // checked with the config
		i := slices.Index(c.Binds, at)
		if i < 0 {
			i, c.Binds = len(c.Binds), append(c.Binds, at)
		}
		c.Paths = append(c.Paths, link.PathConfig{Label: p.Label, Bind: i, Remote: remote, Host: host, TCP: p.TCP()})
	}
	return c, nil
}

// linkAgain is linkConfig of the line as it is on disk: its sheets, keys and paths change while it runs.
func (s *service) linkAgain(l *home.Line) (c link.Config, err error) {
	if l, err = l.Again(); err == nil {
		c, err = s.linkConfig(l)
	}
	return c, err
}

// pairLink opens the session of a pairing.
func (s *service) pairLink(l *home.Line) (pairLink, error) {
	c, err := s.linkConfig(l)
	if err != nil {
		return nil, err
	}
	c.Run, c.Tag, c.Pairing = record.NewRunName(rand.Reader), party.PairingTag(l.Sheets()), true
	c.Greeting = func() []byte { return []byte(pairingGreeting) }
	return link.Open(c)
}

// node runs a line that is in service, with its page and sound, until ctx ends.
func (s *service) node(ctx context.Context, l *home.Line) error {
	cfg, err := s.nodeConfig(l)
	if err != nil {
		return err
	}
	return s.open(ctx, l, cfg, nil)
}

// open runs a node with its page and sound until ctx ends; what there is to confirm is the pairing's, where one goes on
// beside it.
func (s *service) open(ctx context.Context, l *home.Line, cfg node.Config, d *pairDriver) error {
	cfg.Demo, cfg.Boot = cfg.Demo || s.demo, s.boot
	node.Frugal()
	var trunk atomic.Pointer[phone.Trunk]
	cfg.Telephone = ordinary(&l.Config.Phone, &trunk)
	var lk atomic.Pointer[link.Link]
	if open := cfg.Link; open != nil {
		cfg.Link = func(of link.Config) (node.Link, error) {
			l, err := open(of)
			if l, ok := l.(*link.Link); ok {
				lk.Store(l)
			}
			return l, err
		}
	}
	n := node.Open(cfg)
	defer n.Close()
	ctx, end := context.WithCancel(ctx)
	defer end()
	go func() { // ends with the line
		select {
		case <-n.Superseded():
			end()
		case <-ctx.Done():
		}
	}()
	f := &face{Line: n, pairing: d, trunk: &trunk, link: &lk, demo: cfg.Demo, why: errOpening}
	s.set(l.Name, f, nil)
	go func() { // ends with the node at the latest
		if n.Read(ctx) == nil {
			s.ctl.Restore(ctx, l.Name, f)
			s.log.Info("in service", "line", l.Name, "with", cfg.Them.Name, "alone", cfg.Alone, "page", l.Config.Page.At)
		}
	}()
	var wg sync.WaitGroup
	defer wg.Wait()
	if l.Config.Phone.Trunk != "" {
		wg.Go(func() { keepPhones(ctx, s, l, n, cfg.Them.Name, &trunk) })
	}
	f.keep(ctx, s, l)
	if by := n.Successor(); by != nil {
		return by
	}
	return nil
}

// nodeConfig gives the node what the home holds.
func (s *service) nodeConfig(l *home.Line) (node.Config, error) {
	lc, err := s.linkConfig(l)
	if err != nil {
		return node.Config{}, err
	}
	if signedOnly(l) { // we are A, and B may not know yet that we hold the genesis
		tag := party.PairingTag(l.Sheets())
		lc.PairingTag, lc.Paired = &tag, func() {
			if err := l.SetState(pairingState, nil); err != nil {
				s.log.Warn("the pairing is over and is answered again after a restart", "err", err)
			}
		}
	}
	c, err := node.Of(l, s.log.With("line", l.Name))
	if err != nil {
		return c, err
	}
	c.Link = func(of link.Config) (node.Link, error) {
		if now, err := s.linkAgain(l); err != nil {
			s.log.Error("the paths stay as they were", "line", l.Name, "err", err)
		} else {
			lc.Key, lc.Peers, lc.Binds, lc.Paths = now.Key, now.Peers, now.Binds, now.Paths
		}
		lc.Run, lc.Greeting, lc.OnFrame, lc.Prepare = of.Run, of.Greeting, of.OnFrame, of.Prepare
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
