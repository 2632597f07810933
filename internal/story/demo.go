// SPDX-License-Identifier: Apache-2.0

package story

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/home"
	"example.org/parley/internal/page"
	"example.org/parley/internal/view"
	"example.org/parley/verify"
)

// The names under which the demo is asked: one site, so that its cookies reach the frames.
const (
	demoHost = "demo.localhost"
	demoPort = 7400
)

// Demo is the demo that stays up: what breaks the world, and what its page draws of it.
type Demo struct {
	w   *World
	url string
	srv *http.Server

	mu    sync.Mutex // guards what follows
	subs  map[chan struct{}]struct{}
	forge page.DemoPart // the copy of the record, of which a word may be forged
	done  []string
	rtt   []float64 // by cable, as aurelia's node measures it
}

// OpenDemo makes a world with a spring behind it, sits two officers down, serves the page and gives its address. The next free port is taken where the
// usual one is in use.
func OpenDemo(ctx context.Context, w *World, tell func(Scene)) (_ *Demo, err error) {
	ln, err := listen(demoPort)
	if err != nil {
		return nil, err
	}
	port := ln.Addr().(*net.TCPAddr).Port
	origin := fmt.Sprintf("http://%s:%d", demoHost, port)
	w.Frame, w.Hosts = origin, [2]string{Aurelia + "." + demoHost, Borealia + "." + demoHost}
	d := &Demo{w: w, subs: map[chan struct{}]struct{}{}, forge: page.DemoPart{Kind: "forge", Holds: true}}
	defer func() {
		if err != nil {
			d.Close()
			ln.Close()
		}
	}()
	if err := w.Make(); err != nil {
		return nil, err
	}
	d.rtt = make([]float64, len(w.Cables))
	if err := w.seed(ctx, tell); err != nil {
		return nil, err
	}
	if err := w.Play(ctx, tell, after); err != nil {
		return nil, err
	}
	cfg := page.Config{Hosts: []string{fmt.Sprintf("%s:%d", demoHost, port), fmt.Sprintf("127.0.0.1:%d", port)}, Log: slog.New(slog.NewTextHandler(w.Log, nil))}
	h, url := page.Demo(cfg, d, []string{"http://" + w.Sites[0].Host, "http://" + w.Sites[1].Host, "http://" + third(w.Sites[0].Host)})
	d.url = url
	d.srv = &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = d.srv.Serve(ln) }()
	go d.watch(ctx)
	return d, nil
}

// day is how a story's text writes one.
var day = regexp.MustCompile(`\d{4}-\d{2}-\d{2}`)

// seed plays the spring in the homes, moved so that it ended within a day, and lets the line go on until now.
func (w *World) seed(ctx context.Context, tell func(Scene)) (err error) {
	began := time.Now()
	ended, err := time.Parse(time.DateOnly, springEnds)
	if err != nil {
		return err
	}
	days := int(began.Sub(ended.Add(uptoEvening)) / (24 * time.Hour))
	f, err := Read(day.ReplaceAllStringFunc(spring, func(d string) string {
		t, err := time.Parse(time.DateOnly, d)
		if err != nil {
			return d
		}
		return t.AddDate(0, 0, days).Format(time.DateOnly)
	}))
	if err != nil {
		return err
	}
	us, err := user.Current()
	if err != nil {
		return fmt.Errorf("couldn't find the account: %w", err)
	}
	s := &Simulated{Dir: w.Dir, Log: w.Log, ctx: ctx, begins: f.Begins, account: us.Username, exercise: true}
	defer func() { err = errors.Join(err, s.close()) }()
	var homes [2]*home.Line
	for i, p := range w.Sites {
		if homes[i], err = p.Home.Load(lineName); err != nil {
			return err
		}
	}
	if err := s.play(f, homes, func(QuestionLine) {}); err != nil {
		return err
	}
	s.Wait(began.Sub(f.Begins))
	w.paired = true
	text, err := s.Ask(Aurelia, "checks")
	if err == nil {
		tell(Scene{Step: "spring", OK: true, Says: text[0], MS: time.Since(began).Milliseconds()})
	}
	return err
}

// listen takes the usual port, or the next free one.
func listen(port int) (net.Listener, error) {
	var err error
	for p := port; p < port+50; p++ {
		var ln net.Listener
		if ln, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p)); err == nil {
			return ln, nil
		}
	}
	return nil, fmt.Errorf("couldn't find a free port from %d on: %w", port, err)
}

// URL is the one address.
func (d *Demo) URL() string { return d.url }

// Close ends the page and everything that runs.
func (d *Demo) Close() {
	if d.srv != nil {
		d.srv.Close()
	}
	d.w.Close()
}

// watch looks once a second at what the page draws beside the desks: round trips, tries that were done. The desks that
// were armed for the opening go when the pages' own are.
func (d *Demo) watch(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		for i, s := range d.w.Sites {
			if s.now().State != running {
				continue
			}
			v, err := data[view.Desk](d.w.Act(s, act.Status))
			if err != nil {
				continue
			}
			if v.Liveness.TheySeeUs.Armed > 1 { // the page's beside ours
				d.w.Disarm(i)
			}
			if i == 0 {
				d.look(s, v)
			}
		}
	}
}

// look draws what aurelia's desk knows.
func (d *Demo) look(s *Site, v view.Desk) {
	if v.Call.State == "connected" {
		d.tried("ring")
	}
	log, _ := data[view.Desk](d.w.Act(s, act.ReadLog{Last: 10}))
	if slices.ContainsFunc(log.Log, func(r view.LogRow) bool { return strings.HasPrefix(r.Kind, "message.") }) {
		d.tried("flash")
	}
	d.mu.Lock()
	for i, p := range v.Liveness.Paths[:min(len(v.Liveness.Paths), len(d.rtt))] {
		d.rtt[i] = p.RTTms
	}
	d.mu.Unlock()
	d.changed()
}

func (d *Demo) tried(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Contains(d.done, what) {
		d.done = append(d.done, what)
	}
}

func (d *Demo) changed() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for ch := range d.subs {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// Subscribe is of page.DemoActions.
func (d *Demo) Subscribe() (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	d.mu.Lock()
	d.subs[ch] = struct{}{}
	d.mu.Unlock()
	return ch, func() { d.mu.Lock(); delete(d.subs, ch); d.mu.Unlock() }
}

// State is of page.DemoActions.
func (d *Demo) State() (parts []page.DemoPart, done []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, c := range d.w.Cables {
		parts = append(parts, page.DemoPart{Kind: "cable", Name: fmt.Sprint(i + 1), Broken: pulled(c), RTTms: d.rtt[i]})
	}
	for _, s := range d.w.Sites {
		parts = append(parts, s.now())
	}
	third := d.w.Sites[0].now()
	third.Kind = "linguist"
	return append(parts, third, d.forge), slices.Clone(d.done)
}

// breaks are what can be broken: how the world does and undoes it, and the words of the page that say so.
var breaks = map[string]struct{ do, undo, done, undone string }{
	"pull":   {"cut", "restore", "pulled", "plugged"},
	"freeze": {"freeze", "thaw", "frozen", "thawed"},
	"kill":   {"kill", "start", "killed", "started"},
	"spoil":  {"fail-disk", "mend-disk", "spoiled", "mended"},
}

// Do breaks something, or mends it: the same verb undoes it.
func (d *Demo) Do(_ context.Context, verb, target string) (string, error) {
	defer d.changed()
	b, ok := breaks[verb]
	switch {
	case verb == "forge":
		return "", d.doForge()
	case !ok:
		return "", fmt.Errorf("there is nothing to %s called %q", verb, target)
	}
	broken, err := d.broken(verb, target)
	if err != nil {
		return "", err
	}
	if verb == "pull" {
		d.tried("pull")
	}
	change, said := b.do, b.done
	if broken {
		change, said = b.undo, b.undone
	}
	_, err = d.w.Change([]string{change, target})
	return said, err
}

// broken reports whether it is what the verb makes it.
func (d *Demo) broken(verb, target string) (bool, error) {
	if verb == "pull" {
		c, err := d.w.cable(target)
		return err == nil && pulled(c), err
	}
	s, err := d.w.site(target)
	if err != nil {
		return false, err
	}
	switch now := s.now(); verb {
	case "freeze":
		return now.State != running, nil
	case "kill":
		return now.State == killed, nil
	default:
		return now.Broken, nil
	}
}

// doForge exports the record, changes a word of it and lets the verifier judge; the same key takes the word back.
func (d *Demo) doForge() error {
	d.mu.Lock()
	forged := d.forge.Broken
	d.mu.Unlock()
	file := filepath.Join(d.w.Dir, "north.parley")
	defer os.Remove(file)
	if _, err := d.w.Exec(d.w.Sites[0], "export", file); err != nil {
		return err
	}
	f := page.DemoPart{Kind: "forge", Broken: !forged}
	if !forged {
		lie, at, err := Forge(file, file)
		if err != nil {
			return err
		}
		f.Name, f.Lie, f.State = at.Party, lie, fmt.Sprintf("%s%d-%d", strings.ToUpper(at.Party[:1]), at.Number, at.Index)
	}
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	r := verify.Verify(in, verify.Expected{})
	f.Holds = r.Verdict == verify.Holds
	d.mu.Lock()
	d.forge = f
	d.mu.Unlock()
	d.tried("forge")
	return nil
}

// linguist is the third person of the demo, of its first party; he reads both languages.
const linguist = "Sgt Vela"

// third is the name of the linguist's page, so that a browser keeps his session apart from the officer's.
func third(host string) string { return "linguist." + host }

// Desk gives a fresh one-time link to a party's desk, or to its linguist's.
func (d *Demo) Desk(kind, party string) (string, error) {
	s, err := d.w.site(party)
	if err != nil {
		return "", err
	}
	if kind == "linguist" { // he signs on in a session of his own, as at another terminal
		cmd := exec.Command("/bin/sh", "-c", `"$0" --home "$1" sign-on "$2" >&2 && "$0" --home "$1" open`, d.w.Bin, s.Home.Dir, linguist)
		cmd.Stderr, cmd.SysProcAttr = d.w.Log, &syscall.SysProcAttr{Setsid: true}
		out, err := cmd.Output()
		return strings.Replace(strings.TrimSpace(string(out)), s.Host, third(s.Host), 1), err
	}
	v, err := data[struct {
		URL string `json:"url"`
	}](d.w.Act(s, act.Open))
	return v.URL, err
}
