// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/link"
	"example.org/parley/internal/link/linktest"
	"example.org/parley/internal/node"
	"example.org/parley/internal/store"
	"example.org/parley/internal/view"
	"example.org/parley/party"
)

var names = [2]string{"aurelia", "borealia"}

// pair is two real nodes in this process and the two cables between them.
type pair struct {
	tb      testing.TB
	dir     string
	keys    [2]party.Keys
	sheets  [2]*party.Sheet
	genesis *party.Genesis
	terms   []byte
	cables  [2]*linktest.Forwarder
	ports   [2]netip.AddrPort
	nodes   [2]*node.Line
	who     [2]act.Who
	seeded  bool // the record has its officers already
	flash   int  // of the messages that seed lays, how many are FLASH of the second party that nobody has acknowledged
	log     *slog.Logger
}

// newPair makes the keys and the cables; aurelia is A. Nothing runs yet: a record may be laid into db(0) and db(1).
func newPair(tb testing.TB) *pair {
	tb.Helper()
	p := &pair{tb: tb, dir: tb.TempDir()}
	for p.genesis == nil {
		for i, name := range names {
			k, err := party.NewKeys(rand.Reader)
			p.check(err)
			s := &party.Sheet{Party: name, Issue: 1, Sign: party.Public(k.Sign), Link: party.Public(k.Link),
				Paths: []party.SheetPath{{Label: "1", Kind: "udp", Address: fmt.Sprintf("192.0.2.%d:7443", i+1)}}}
			p.check(s.SignSheet(k.Party))
			p.keys[i], p.sheets[i] = k, s
		}
		if !p.sheets[0].IsPartyA(p.sheets[1]) {
			continue
		}
		var err error
		p.terms, err = party.DefaultTerms().Encode([32]byte{9})
		p.check(err)
		p.genesis, err = party.NewGenesis("north", p.sheets, [2][32]byte{{1}, {2}}, [32]byte{3}, p.terms)
		p.check(err)
		p.check(p.genesis.SignNext(p.keys[0].Sign))
		p.check(p.genesis.SignNext(p.keys[1].Sign))
	}
	for i := range 2 {
		p.ports[i] = freeUDP(tb)
		p.check(os.MkdirAll(filepath.Dir(p.db(i)), 0o700))
	}
	loopback := netip.MustParseAddrPort("127.0.0.1:0")
	for i := range p.cables {
		f, err := linktest.NewForwarder(loopback, loopback, p.ports[0], p.ports[1], uint64(i+1))
		p.check(err)
		tb.Cleanup(func() { f.Close() })
		p.cables[i] = f
	}
	return p
}

func (p *pair) check(err error) {
	p.tb.Helper()
	if err != nil {
		p.tb.Fatal(err)
	}
}

func freeUDP(tb testing.TB) netip.AddrPort {
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

func (p *pair) db(i int) string { return filepath.Join(p.dir, names[i], "record.db") }

func (p *pair) party(i int) node.Party {
	return node.Party{Name: names[i], Letter: p.genesis.Letters()[i], Keys: []ed25519.PublicKey{p.sheets[i].Sign}}
}

func (p *pair) config(i int) node.Config {
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("PARLEY_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil)).With("node", names[i])
	}
	if p.log != nil && i == 0 {
		log = p.log
	}
	lc := link.Config{Key: p.keys[i].Link, Peers: []ed25519.PublicKey{p.sheets[1-i].Link}, Tag: [32]byte{5}, IsPartyA: i == 0, Binds: []netip.AddrPort{p.ports[i]}, Log: log}
	for n, f := range p.cables {
		to := f.PortA()
		if i == 1 {
			to = f.PortB()
		}
		lc.Paths = append(lc.Paths, link.PathConfig{Label: fmt.Sprint(n + 1), Remote: to})
	}
	return node.Config{
		Name: "north", DB: p.db(i), IsPartyA: i == 0, Key: p.keys[i].Sign, Us: p.party(i), Them: p.party(1 - i),
		Genesis: p.genesis.Hash, GenesisText: p.genesis.Note, Terms: p.terms, Sheets: [][]byte{p.sheets[0].Note, p.sheets[1].Note}, Sheet: 1, Station: "main",
		Now: time.Now, Rand: rand.Reader, Log: log, Store: store.Options{Reserve: -1},
		Link: func(of link.Config) (node.Link, error) {
			lc.Run, lc.Greeting, lc.OnFrame, lc.Prepare = of.Run, of.Greeting, of.OnFrame, of.Prepare
			return link.Open(lc)
		},
	}
}

// start opens both nodes, seats an officer at an armed desk of each, and waits until both paths are up.
func (p *pair) start() {
	p.tb.Helper()
	for i := range p.nodes {
		n := node.Open(p.config(i))
		p.check(n.Read(context.Background()))
		p.nodes[i] = n
		p.tb.Cleanup(func() { n.Close() })
		p.who[i] = act.Who{Desk: "watch", Account: names[i]}
		if !p.seeded {
			p.do(i, act.OfficerAdd{Name: "Lt " + names[i], Langs: []string{"en"}})
		}
		r := p.do(i, act.SignOn{})
		p.who[i].Officer, p.who[i].Known = r.ID, "account"
		p.do(i, act.SetDesk{Armed: true, Sound: "ok"})
	}
	for i := range p.nodes {
		p.until(i, 20*time.Second, func(v view.Desk) bool {
			for _, l := range v.Liveness.Paths {
				if !l.WeHear || !l.TheyHear {
					return false
				}
			}
			return v.Liveness.WeSee.Desk.State == "armed"
		})
	}
}

func (p *pair) do(i int, a act.Act) act.Reply {
	p.tb.Helper()
	r, err := p.nodes[i].Do(context.Background(), p.who[i], "en", a)
	if err != nil {
		p.tb.Fatalf("%s: %s: %v", names[i], a.Verb(), err)
	}
	return r
}

// until draws a desk at every change, as its page does, until it shows what is waited for.
func (p *pair) until(i int, d time.Duration, f func(view.Desk) bool) time.Time {
	p.tb.Helper()
	ch, end := p.nodes[i].Subscribe(p.who[i].Desk)
	defer end()
	over := time.After(d)
	for !f(p.nodes[i].View("en", p.who[i].Desk)) {
		select {
		case <-ch:
		case <-time.After(100 * time.Millisecond):
		case <-over:
			v := p.nodes[i].View("en", p.who[i].Desk)
			p.tb.Fatalf("%s: not within %v: %s", names[i], d, strings.Join(v.Sentences, " "))
		}
	}
	return time.Now()
}

// row is what the log of a desk shows of a statement, "" for nothing.
func row(v view.Desk, id string) string {
	for _, r := range v.Log {
		if r.ID == id {
			return r.State
		}
	}
	return ""
}
