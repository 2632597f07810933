// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
)

// fakeNode shows a fixture and keeps the acts that it was handed.
type fakeNode struct {
	us, them string
	soundOf

	mu    sync.Mutex
	draw  func(us, them, lang string) view.Desk
	acts  []act.Act
	who   []act.Who
	fail  error
	left  map[string]bool      // officers no more
	reply map[string]act.Reply // to a verb
	subs  []chan struct{}
	react func(n *fakeNode, a act.Act)
	typed []string // beside a call, a finished line with a line break
}

func newFake(us, them string, draw func(us, them, lang string) view.Desk) *fakeNode {
	n := &fakeNode{us: us, them: them, draw: draw}
	n.carries.Store(true)
	return n
}

func (n *fakeNode) Do(_ context.Context, who act.Who, _ string, a act.Act) (act.Reply, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.acts, n.who = append(n.acts, a), append(n.who, who)
	if n.fail != nil {
		return act.Reply{}, n.fail
	}
	if n.react != nil {
		n.react(n, a)
	}
	if r, ok := n.reply[a.Verb()]; ok {
		return r, nil
	}
	return act.Reply{ID: "A7-50", Text: "Done: " + a.Verb()}, nil
}

func (n *fakeNode) Letters(_ act.Who, text string, done bool, refused func(error)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if done {
		text += "\n"
	}
	if n.typed = append(n.typed, text); n.fail != nil {
		refused(n.fail)
	}
}

func (n *fakeNode) View(lang, desk string) view.Desk {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.draw(n.us, n.them, lang)
}

// Staff: whoever is not among those who left is an officer.
func (n *fakeNode) Staff(ref string) (act.Staff, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.left[ref] {
		return act.Staff{}, hint.New("", "there is no officer %q", ref)
	}
	return act.Staff{ID: ref, Name: "Lt Amaro", Role: "officer"}, nil
}

// leave makes an officer one no more.
func (n *fakeNode) leave(ref string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.left = map[string]bool{ref: true}
}

func (n *fakeNode) Subscribe(string) (<-chan struct{}, func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := make(chan struct{}, 1)
	n.subs = append(n.subs, c)
	return c, func() {}
}

// show changes what the desk sees.
func (n *fakeNode) show(draw func(us, them, lang string) view.Desk) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.draw = draw
	n.poke()
}

func (n *fakeNode) poke() {
	for _, c := range n.subs {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// last is the last act of a verb, nil without one.
func (n *fakeNode) last(verb string) act.Act {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range slices.Backward(n.acts) {
		if a.Verb() == verb {
			return a
		}
	}
	return nil
}

func (n *fakeNode) done(verb string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	k := 0
	for _, a := range n.acts {
		if a.Verb() == verb {
			k++
		}
	}
	return k
}

// fakeDemo is a demo with a cable that can be pulled.
type fakeDemo struct {
	mu    sync.Mutex
	parts []DemoPart
	done  []string
	link  func(party string) (string, error)
	subs  []chan struct{}
}

func (d *fakeDemo) State() ([]DemoPart, []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.parts), d.done
}

func (d *fakeDemo) Subscribe() (<-chan struct{}, func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := make(chan struct{}, 1)
	d.subs = append(d.subs, c)
	return c, func() {}
}

func (d *fakeDemo) Do(_ context.Context, verb, target string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch verb {
	case "pull":
		for i := range d.parts {
			if p := &d.parts[i]; p.Kind == "cable" && p.Name == target {
				p.Broken = !p.Broken
			}
		}
		d.done = []string{"pull"}
	case "forge":
		p := &d.parts[len(d.parts)-1]
		p.Broken, p.Holds, p.Name, p.State, p.Lie = !p.Broken, p.Broken, "aurelia", "A7-3", [2]string{"54.20N", "54.21N"}
	default:
		return "", errors.New("not in this demo")
	}
	for _, c := range d.subs {
		select {
		case c <- struct{}{}:
		default:
		}
	}
	return map[string]string{"pull": "pulled"}[verb], nil
}

func (d *fakeDemo) Desk(kind, party string) (string, error) {
	link, err := d.link(party)
	if kind == "linguist" {
		link = strings.Replace(link, "//", "//linguist.", 1)
	}
	return link, err
}

// rig is two fixture desks and the demo's page on loopback.
type rig struct {
	nodes [2]*fakeNode
	desks [2]*Server
	urls  [2]string
	demo  *fakeDemo
	url   string
	pause [2]*pausable
}

// pausable is a server that can stop as one that was frozen: nothing comes of it, connections live.
type pausable struct {
	atomic.Bool
	net.Listener
}

func (p *pausable) Accept() (net.Conn, error) {
	c, err := p.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &pausedConn{c, p}, nil
}

type pausedConn struct {
	net.Conn
	p *pausable
}

func (c *pausedConn) Write(b []byte) (int, error) {
	if c.p.Load() {
		return 0, errors.New("frozen")
	}
	return c.Conn.Write(b)
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{demo: &fakeDemo{parts: []DemoPart{{Kind: "cable", Name: "1", RTTms: 2}, {Kind: "cable", Name: "2", RTTms: 2}, {Kind: "party", Name: "aurelia", State: "running"}, {Kind: "party", Name: "borealia", State: "running", Life: 1}, {Kind: "linguist", Name: "aurelia", State: "running"}, {Kind: "forge", Holds: true}}}}
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	serve := func(l net.Listener, h http.Handler) {
		srv := &http.Server{Handler: h}
		go srv.Serve(l)
		t.Cleanup(func() { srv.Close() })
	}
	top := listen()
	_, port, _ := net.SplitHostPort(top.Addr().String())
	frame := "http://demo.localhost:" + port
	origins := make([]string, 3)
	for i, names := range [][2]string{{"aurelia", "borealia"}, {"borealia", "aurelia"}} {
		l := listen()
		_, p, _ := net.SplitHostPort(l.Addr().String())
		host := names[0] + ".demo.localhost:" + p
		origins[i], origins[2] = "http://"+host, "http://linguist."+strings.TrimPrefix(origins[0], "http://")
		r.nodes[i] = newFake(names[0], names[1], fixtureIdle)
		s, err := New(Config{Node: r.nodes[i], Name: names[0], Hosts: []string{host, "127.0.0.1:" + p, "linguist." + host}, Frame: frame})
		if err != nil {
			t.Fatal(err)
		}
		r.desks[i] = s
		r.urls[i] = "http://127.0.0.1:" + p
		r.pause[i] = &pausable{Listener: l}
		serve(r.pause[i], s)
	}
	r.demo.link = func(party string) (string, error) {
		for i, n := range r.nodes {
			if n.us == party {
				return r.desks[i].Link(act.Who{Officer: "A7-2"}, "en")
			}
		}
		return "", errors.New("no such party")
	}
	h, url := Demo(Config{Hosts: []string{"demo.localhost:" + port, "127.0.0.1:" + port}}, r.demo, origins)
	serve(top, h)
	r.url = url
	return r
}

// TestPreview serves the fixtures to be looked at: PARLEY_PREVIEW=FILE gets the addresses, and ends it when it is removed.
func TestPreview(t *testing.T) {
	file := os.Getenv("PARLEY_PREVIEW")
	if file == "" {
		t.Skip("set PARLEY_PREVIEW to a file")
	}
	r := newRig(t)
	r.nodes[0].show(fixture)
	r.nodes[1].show(fixtureCall)
	lines := "demo " + r.url + "\n"
	for i := range r.desks {
		for range 20 {
			l, err := r.desks[i].Link(act.Who{Officer: "A7-2"}, []string{"en", "it"}[i])
			if err != nil {
				t.Fatal(err)
			}
			lines += "desk" + string(rune('0'+i)) + " " + l + "\n"
		}
	}
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(file); err != nil {
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
}
