// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/link"
	"example.org/parley/internal/link/linktest"
	"example.org/parley/internal/link/memnet"
	"example.org/parley/internal/node"
	"example.org/parley/internal/recording"
	"example.org/parley/internal/store"
	"example.org/parley/internal/verbs"
	"example.org/parley/internal/view"
	"example.org/parley/party"
)

// morning is when every conversation begins.
var morning = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

// line is two parties that have confirmed a pairing.
type line struct {
	keys    [2]party.Keys
	sheets  [2]*party.Sheet
	genesis *party.Genesis
	terms   []byte
}

var names = [2]string{"aurelia", "borealia"}

// pairLine makes keys, sheets and a genesis; aurelia is A.
var pairLine = sync.OnceValues(func() (*line, error) {
	for seed := byte(1); ; seed++ {
		l, err := tryPair(rand.NewChaCha8([32]byte{seed}))
		if err != nil || l.sheets[0].IsPartyA(l.sheets[1]) {
			return l, err
		}
	}
})

func tryPair(rnd io.Reader) (l *line, err error) {
	l = &line{}
	for i, name := range names {
		k, err := party.NewKeys(rnd)
		if err != nil {
			return nil, err
		}
		s := &party.Sheet{Party: name, Issue: 1, Sign: party.Public(k.Sign), Link: party.Public(k.Link),
			Paths: []party.SheetPath{{Label: "1", Kind: "udp", Address: fmt.Sprintf("192.0.2.%d:7443", i+1)}}}
		if err := s.SignSheet(k.Party); err != nil {
			return nil, err
		}
		l.keys[i], l.sheets[i] = k, s
	}
	if !l.sheets[0].IsPartyA(l.sheets[1]) {
		return l, nil
	}
	terms, err := party.DefaultTerms().Encode([32]byte{9})
	if err != nil {
		return nil, err
	}
	g, err := party.NewGenesis("north", l.sheets, [2][32]byte{{1}, {2}}, [32]byte{3}, terms)
	if err != nil {
		return nil, err
	}
	if err := g.SignNext(l.keys[0].Sign); err != nil {
		return nil, err
	}
	l.genesis, l.terms = g, terms
	return l, g.SignNext(l.keys[1].Sign)
}

// ends fills in what an end of the line has: its key, the other's, and who it is.
func (l *line) ends(c *link.Config, who int) {
	c.IsPartyA, c.Key, c.Tag = who == 0, l.keys[who].Link, l.genesis.Tag
	c.Peers = []ed25519.PublicKey{l.sheets[1-who].Link}
}

// net is what two ends are joined by.
type network interface {
	open(who int, c link.Config) (node.Link, error) // c is what the node says
	cut(path int, d linktest.Direction)
	restore(path int, d linktest.Direction)
	delay(path int, d linktest.Direction, by time.Duration)
	loss(path int, d linktest.Direction, share float64)
	kill(who int)           // without a goodbye
	freeze(who int, b bool) // as SIGSTOP
}

// world is two parties, what lies between them, and a clock.
type world struct {
	t        testing.TB
	line     *line
	net      network
	sides    [2]*side
	start    time.Time
	logs     lockedWriter
	real     bool     // real time: questions wait for their answer
	schedule []string // of checks
	due      map[string]map[string]int
}

// side is one party's room: its node, its disk, its desk.
type side struct {
	w     *world
	who   int
	name  string
	disk  *disk
	dir   string
	life  int
	line  *node.Line   // nil while it does not run
	alone *node.Config // of the time before the line; nil: there was none
	desk  act.Who
	rand  io.Reader
	stuck gate
	tapes recording.Options
	step  atomic.Int64 // by how much its wall clock was stepped
}

// gate holds a frozen node at its clock.
type gate struct {
	mu   sync.Mutex
	shut chan struct{} // nil: open
}

func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if shut && g.shut == nil {
		g.shut = make(chan struct{})
	} else if !shut && g.shut != nil {
		close(g.shut)
		g.shut = nil
	}
}

func (g *gate) pass() {
	g.mu.Lock()
	ch := g.shut
	g.mu.Unlock()
	if ch != nil {
		<-ch
	}
}

// lockedWriter is the log of two nodes.
type lockedWriter struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *lockedWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

// newWorld makes the two rooms; nothing runs yet.
func newWorld(t testing.TB, seed uint64, flush time.Duration) *world {
	t.Helper()
	l, err := pairLine()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, line: l}
	top := roomFor(t)
	for i, name := range names {
		var s [32]byte
		s[0], s[1], s[2] = byte(i+1), byte(seed), byte(seed>>8)
		w.sides[i] = &side{w: w, who: i, name: name, disk: newDisk(t, flush), dir: filepath.Join(top, name), rand: rand.NewChaCha8(s)}
	}
	return w
}

// roomFor is a directory in memory where there is one: these disks lose no power, so nothing need reach a platter.
func roomFor(t testing.TB) string {
	d, err := os.MkdirTemp("/dev/shm", "parley-sim-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(d) })
	return d
}

// simulate plays f in a bubble, in the morning, on a network in memory.
func simulate(t *testing.T, seed uint64, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(morning))
		w := newWorld(t, seed, 2*time.Millisecond)
		w.net = newMemory(w.line, seed)
		w.start = time.Now()
		defer func() {
			w.close()
			time.Sleep(time.Minute) // what QUIC still waits for
			if t.Failed() {
				t.Log("the nodes said:\n" + w.logs.String())
			}
		}()
		f(w)
	})
}

// memory joins two real links by two cables in memory.
type memory struct {
	*memnet.Net
	line   *line
	cables [2]*linktest.Cable
	frozen [4]atomic.Bool // of the ends, and of a copy of each
}

// at is where an end's socket of a path is.
func at(path, who int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(path), byte(who + 1)}), 7443)
}

func newMemory(l *line, seed uint64) *memory {
	m := &memory{Net: memnet.New(), line: l}
	for p := range m.cables {
		m.cables[p] = m.Lay(at(p, 0), at(p, 1), seed+uint64(p))
	}
	m.Filter = func(from, to netip.AddrPort, _ []byte) bool {
		return !m.frozen[from.Addr().As4()[3]-1].Load() && !m.frozen[to.Addr().As4()[3]-1].Load()
	}
	return m
}

func (m *memory) open(who int, c link.Config) (node.Link, error) {
	m.line.ends(&c, who%2)
	for p := range m.cables {
		c.Binds = append(c.Binds, at(p, who))
		c.Paths = append(c.Paths, link.PathConfig{Label: fmt.Sprint(p + 1), Bind: p, Remote: at(p, 1-who%2)})
	}
	c.Listen = m.Listen
	c.Ticker = func(d time.Duration) (<-chan time.Time, func()) { return m.ticker(who, d) }
	return link.Open(c)
}

// ticker stands still while its end is frozen.
func (m *memory) ticker(who int, d time.Duration) (<-chan time.Time, func()) {
	t, out, end := time.NewTicker(d), make(chan time.Time, 1), make(chan struct{})
	go func() {
		for {
			select {
			case now := <-t.C:
				if !m.frozen[who].Load() {
					select {
					case out <- now:
					default:
					}
				}
			case <-end:
				t.Stop()
				return
			}
		}
	}()
	return out, func() { close(end) }
}

func (m *memory) cut(p int, d linktest.Direction)                    { m.cables[p].Cut(d) }
func (m *memory) restore(p int, d linktest.Direction)                { m.cables[p].Restore(d) }
func (m *memory) delay(p int, d linktest.Direction, b time.Duration) { m.cables[p].Delay(d, b) }
func (m *memory) loss(p int, d linktest.Direction, s float64)        { m.cables[p].Loss(d, s) }
func (m *memory) freeze(who int, on bool)                            { m.frozen[who].Store(on) }
func (m *memory) kill(who int) {
	for p := range m.cables {
		m.Unplug(at(p, who))
	}
}

func (w *world) side(name string) *side {
	for _, s := range w.sides {
		if s.name == name {
			return s
		}
	}
	return nil
}

// settle lets everything that happens now happen. On real time there is no such moment.
func (w *world) settle() {
	if !w.real {
		synctest.Wait()
	}
}

func (w *world) close() {
	for _, s := range w.sides {
		s.stuck.set(false)
		s.stop()
	}
}

func (s *side) party(i int) node.Party {
	l, letters := s.w.line, s.w.line.genesis.Letters()
	return node.Party{Name: names[i], Letter: letters[i], Keys: []ed25519.PublicKey{l.sheets[i].Sign}}
}

func (s *side) config() node.Config {
	us := s.who % 2
	var key ed25519.PrivateKey = s.w.line.keys[us].Sign
	c := node.Config{
		Name: "north", DB: filepath.Join(s.dir, fmt.Sprint(s.life), "record.db"), IsPartyA: us == 0, Key: key, Us: s.party(us), Them: s.party(1 - us),
		Genesis: s.w.line.genesis.Hash, GenesisText: s.w.line.genesis.Note, Terms: s.w.line.terms, Sheets: [][]byte{s.w.line.sheets[0].Note, s.w.line.sheets[1].Note}, Sheet: 1, Station: "main", Schedule: party.Schedule{Checks: s.w.schedule, Officer: 30}, Due: s.w.due,
		Rand: s.rand, Log: slog.New(slog.NewTextHandler(&s.w.logs, nil)).With("node", s.name),
		Store: store.Options{Reserve: -1, VFS: s.disk.name},
		Now:   func() time.Time { s.stuck.pass(); return time.Now().Add(time.Duration(s.step.Load())) },
		Boot:  func() time.Duration { return time.Since(s.w.start) },
		Link: func(c link.Config) (node.Link, error) {
			l, err := s.w.net.open(s.who, c)
			return stepped{l, s.w.sides[1-us]}, err
		},
	}
	c.Before, c.Recording = s.alone, s.tapes
	return c
}

// stepped is a session whose probes tell the other end's wall clock as it was stepped.
type stepped struct {
	node.Link
	other *side
}

func (l stepped) Heard() (run string, clock time.Time, ok bool) {
	run, clock, ok = l.Link.Heard()
	return run, clock.Add(time.Duration(l.other.step.Load())), ok
}

// copyOf is a machine with the files that a side has at this instant, at another address; what it is called is no party.
func (w *world) copyOf(s *side) *side {
	c := &side{w: w, who: s.who + 2, name: "copy of " + s.name, disk: newDisk(w.t, 2*time.Millisecond), dir: s.dir + "-copy", desk: s.desk, rand: rand.NewChaCha8([32]byte{'c'})}
	copyFiles(w.t, filepath.Join(s.dir, fmt.Sprint(s.life)), filepath.Join(c.dir, "0"))
	return c
}

// open starts a side's node.
func (s *side) open() {
	s.w.t.Helper()
	if s.line != nil {
		s.w.t.Fatalf("%s runs already", s.name)
	}
	copyFiles(s.w.t, filepath.Join(s.dir, "none"), filepath.Join(s.dir, fmt.Sprint(s.life)))
	if !s.w.real {
		time.Sleep(7 * time.Millisecond) // its ticks never fall on an instant of the script
	}
	s.line = node.Open(s.config())
	if s.disk.mood.Load() == fails {
		return // it runs without a record
	}
	if err := s.line.Read(context.Background()); err != nil {
		s.w.t.Fatalf("couldn't start %s: %v", s.name, err)
	}
}

// stop ends it in an orderly way.
func (s *side) stop() {
	if s.line != nil {
		_ = s.line.Close()
		s.line = nil
	}
}

// kill ends it as kill -9 does: the next life has the files as they are at this instant.
func (s *side) kill() {
	was, next := filepath.Join(s.dir, fmt.Sprint(s.life)), filepath.Join(s.dir, fmt.Sprint(s.life+1))
	copyFiles(s.w.t, was, next)
	s.w.net.kill(s.who)
	s.life++
	s.stop() // what it still does is unseen: its files and its network are not those of the world any more
}

// loseDisk is a new disk and a new start.
func (s *side) loseDisk() {
	s.w.net.kill(s.who)
	s.stop()
	s.life++
}

func (s *side) freeze(on bool) {
	s.w.net.freeze(s.who, on)
	s.stuck.set(on)
}

// parse makes an act of a command line, by the parser of the CLI.
func (s *side) parse(argv []string) act.Act {
	s.w.t.Helper()
	a, err := verbs.Parse(argv, time.Now())
	if err != nil {
		s.w.t.Fatalf("%s: %v", s.name, err)
	}
	switch x := a.(type) { // a desk speaks, unless the script says otherwise
	case act.Ring:
		x.Sound = cmp.Or(x.Sound, "tone 440")
		return x
	case act.Answer:
		x.Sound = cmp.Or(x.Sound, "tone 440")
		return x
	}
	return a
}

// do does one act at the side's desk.
func (s *side) do(line string) (act.Reply, error) {
	s.w.t.Helper()
	argv, err := verbs.Split(line)
	if err != nil {
		s.w.t.Fatal(err)
	}
	return s.act(s.parse(argv))
}

func (s *side) act(a act.Act) (act.Reply, error) {
	r, err := s.line.Do(context.Background(), s.desk, "en", a)
	if _, on := a.(act.SignOn); on && err == nil {
		s.desk.Officer, s.desk.Known = r.ID, "account"
	}
	return r, err
}

// must does an act that is to succeed and gives its short ID.
func (s *side) must(line string) string {
	s.w.t.Helper()
	r, err := s.do(line)
	if err != nil {
		s.w.t.Fatalf("%s: %s: %v", s.name, line, err)
	}
	return r.ID
}

// actOn does an act on a life of the node that may be over.
func (s *side) actOn(l *node.Line, line string) (act.Reply, error) {
	argv, err := verbs.Split(line)
	if err != nil {
		return act.Reply{}, err
	}
	return l.Do(context.Background(), s.desk, "en", s.parse(argv))
}

func (s *side) arm(on bool) {
	if _, err := s.act(act.SetDesk{Armed: on, Sound: "ok"}); err != nil {
		s.w.t.Fatal(err)
	}
}

func (s *side) view() view.Desk { return s.line.View("en", s.desk.Desk) }

// watch starts both nodes and puts an officer at an armed desk of each.
func (w *world) watch() {
	w.t.Helper()
	for i, who := range []string{"Lt Amaro", "Maj Benz"} {
		s := w.sides[i]
		s.desk = act.Who{Desk: "watch-" + s.name[:1], Account: s.name}
		s.open()
		s.must(fmt.Sprintf("officer add %q", who))
		s.must("sign-on")
		s.arm(true)
	}
}
