// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"example.org/parley/wire"
)

// Config is checked once, by Open.
type Config struct {
	Run string             // ours: 1–32 of 0-9a-z
	Key ed25519.PrivateKey // our link key
	// Peers are the peer's link keys, the newest first: only who holds one of them is let in, and from the first session under
	// the newest on only who holds that. Renewed is called at that session where there are several, once, from any goroutine: whoever
	// opens the sessions anew leaves the others out.
	Peers    []ed25519.PublicKey
	Renewed  func(newest ed25519.PublicKey)
	Tag      [32]byte // key of the silent handshake: from the genesis, or from sheet digits while pairing
	IsPartyA bool     // we are A
	// Pairing says that these are the sessions of a pairing: nodes in service do not take them for those of a line.
	Pairing bool
	// PairingTag is answered beside Tag until the first session under Tag: whoever pairs still is greeted, and by that
	// shown that we are in service. Paired is called at that first session, once, from any goroutine.
	PairingTag *[32]byte
	Paired     func()
	Binds      []netip.AddrPort // our local addresses: a UDP socket each, a TCP listener where a path is over TCP
	Paths      []PathConfig     // at least one
	// Greeting is asked at every new session and stream; from any goroutine, and must not call the link.
	Greeting func() []byte
	// OnFrame gets every frame of voice that arrives, several times if it came several ways; never two calls at once.
	// data is valid during the call only.
	OnFrame func(call uint16, source byte, seq uint32, data []byte)
	// Prepare does the costly work on a message of the bulk stream, for several messages at once and outside the goroutine
	// that takes the events. What it returns is the event's Then. b belongs to it. nil: there is no such work.
	Prepare func(b []byte) (then func())
	// Lookup finds the addresses of a host name; nil: by the resolver of this machine.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Listen opens a bind; nil: a UDP socket of this machine.
	Listen func(netip.AddrPort) (Socket, error)
	// Now and Ticker are the link's clock; nil: this machine's.
	Now    func() time.Time // with a monotonic reading
	Ticker func(time.Duration) (ticks <-chan time.Time, stop func())
	Log    *slog.Logger // nil: nothing is logged
}

// PathConfig is one route to the peer.
type PathConfig struct {
	Label  string
	Bind   int            // index into Config.Binds
	Remote netip.AddrPort // zero: we cannot dial, only be dialled
	Host   string         // name and port in the place of Remote, looked up anew at every dial
	TCP    bool           // the same session over TLS on TCP
}

// Link is a line's connection to its one peer.
type Link struct {
	cfg     Config
	log     *slog.Logger
	start   time.Time
	cert    tls.Certificate
	trailer *trailer
	queue   *queue
	binds   []bind
	paths   []*path         // fixed
	ctx     context.Context // done: the link has ended
	cancel  context.CancelFunc
	wg      sync.WaitGroup

	table atomic.Pointer[map[uint32]*session] // by our index; copied on change
	out   atomic.Pointer[[]*session]          // where voice goes; made anew on change

	voiceTx voiceTx
	voiceRx voiceRx

	mu      sync.Mutex // everything below
	closed  bool
	run     string           // ours
	peerRun string           // newest greeted
	clock   time.Time        // the peer's, as last heard
	ages    [2]time.Duration // tick, commit, as told
	agesAt  time.Duration
	repeats []*repeat
	bulk    *bulk
	bulkID  uint64
	bulkTry time.Duration

	reportNext time.Duration

	renewed                              atomic.Bool // the peer came with its newest key
	strangers, wrongKeys, badTags, stale atomic.Uint64
}

// Open binds the sockets and begins to dial. It returns at once; what follows comes as events. An address that is not
// here is tried again by itself, and its paths say why they are down.
func Open(cfg Config) (*Link, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	l := &Link{cfg: cfg, log: cfg.Log, start: cfg.Now(), run: cfg.Run, queue: newQueue(), trailer: newTrailer(cfg.Tag, cfg.IsPartyA)}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if cfg.PairingTag != nil {
		l.trailer.pairing.Store(hmacs(*cfg.PairingTag))
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.table.Store(&map[uint32]*session{})
	l.out.Store(&[]*session{})
	var err error
	if l.cert, err = bareCert(cfg.Key); err != nil {
		return nil, fmt.Errorf("couldn't make the link certificate: %w", err)
	}
	for i, pc := range cfg.Paths {
		l.paths = append(l.paths, newPath(l, i, pc))
	}
	if err := l.openBinds(); err != nil {
		return nil, errors.Join(err, l.Close(""))
	}
	l.wg.Go(l.clockLoop)
	l.wg.Go(func() { l.queue.pump(l.ctx.Done()) })
	return l, nil
}

// Listenable says why nothing can listen at an address of this machine, over "udp" or "tcp", nil where something can.
func Listenable(network, at string) error {
	var c io.Closer
	var err error
	if network == "udp" {
		c, err = net.ListenPacket(network, at)
	} else {
		c, err = net.Listen(network, at)
	}
	if err != nil {
		return err
	}
	return c.Close()
}

// openBinds opens what the paths need at each local address.
func (l *Link) openBinds() error {
	for i, a := range l.cfg.Binds {
		var at [2]bind
		for n, tcp := range []bool{false, true} {
			if !slices.ContainsFunc(l.paths, func(p *path) bool { return p.cfg.Bind == i && p.cfg.TCP == tcp }) {
				continue
			}
			if tcp {
				at[n] = l.listenTCP(a)
			} else if b, err := l.listenQUIC(a); err != nil {
				return fmt.Errorf("couldn't open QUIC on %v: %w", a, err)
			} else {
				at[n] = b
			}
			l.binds = append(l.binds, at[n])
		}
		for _, p := range l.paths {
			switch {
			case p.cfg.Bind == i && p.cfg.TCP:
				p.bind = at[1]
			case p.cfg.Bind == i:
				p.bind = at[0]
			}
		}
	}
	for _, b := range l.binds {
		l.wg.Go(func() { l.accept(b) })
	}
	return nil
}

func listenUDP(a netip.AddrPort) (Socket, error) {
	return net.ListenUDP("udp", net.UDPAddrFromAddrPort(a))
}

func (c *Config) check() error {
	if _, _, err := parseGreet(appendGreet(nil, c.Run, nil)); err != nil {
		return fmt.Errorf("%q is not the name of a run", c.Run)
	}
	if len(c.Key) != ed25519.PrivateKeySize || len(c.Peers) == 0 {
		return errors.New("the link needs our key and the peer's")
	}
	if len(c.Paths) == 0 || len(c.Paths) > 16 {
		return errors.New("the link needs between 1 and 16 paths")
	}
	for _, p := range c.Paths {
		if p.Bind < 0 || p.Bind >= len(c.Binds) {
			return fmt.Errorf("path %q has no local address", p.Label)
		}
	}
	if c.Prepare == nil {
		c.Prepare = func([]byte) func() { return nil }
	}
	if c.Listen == nil {
		c.Listen = listenUDP
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Lookup == nil {
		c.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if c.Ticker == nil {
		c.Ticker = func(d time.Duration) (<-chan time.Time, func()) {
			t := time.NewTicker(d)
			return t.C, t.Stop
		}
	}
	if c.Greeting == nil {
		c.Greeting = func() []byte { return nil }
	}
	if c.OnFrame == nil {
		c.OnFrame = func(uint16, byte, uint32, []byte) {}
	}
	return nil
}

// now is the link's own clock: time since Open.
func (l *Link) now() time.Duration { return l.cfg.Now().Sub(l.start) }

// Events is the one channel of what happens; it is closed by Close.
func (l *Link) Events() <-chan Event { return l.queue.out }

// locked does something under mu, and lets go of it whatever comes of that.
func (l *Link) locked(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	do()
}

// ending closes the link to what is new, says goodbye where there is a reason, and gives the connections that are to end.
func (l *Link) ending(reason string) (conns []*conn, open bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, false
	}
	l.closed = true
	for _, p := range l.paths {
		conns = append(conns, p.conns...)
		if s := p.current; s != nil && reason != "" {
			s.send(append([]byte{wire.LaneBye}, printable([]byte(reason))...), nil)
		}
	}
	return conns, true
}

// Close says goodbye over every path, with a reason for the peer's board, and ends the link. With no reason no goodbye is
// said: another link of this run takes its place at once, and calls go on over it.
func (l *Link) Close(reason string) error {
	code := codeBye
	if reason == "" {
		code = codeReplaced
	}
	conns, open := l.ending(reason)
	if !open {
		return nil
	}
	for _, c := range conns {
		c.q.end(code, reason)
	}
	l.cancel()
	l.queue.close()
	for _, b := range l.binds {
		b.shut()
	}
	l.wg.Wait()
	return nil
}

// SetAges tells how long ago the node's loop last ticked and last committed; probes carry it on, growing.
func (l *Link) SetAges(tick, commit time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ages, l.agesAt = [2]time.Duration{tick, commit}, l.now()
}

// Heard is the peer's run and its wall clock as last heard, to the second.
func (l *Link) Heard() (run string, clock time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peerRun, l.clock, l.peerRun != "" && !l.clock.IsZero()
}

// index draws an index for a new session of ours; its low byte is unlike all others'. Under mu.
func (l *Link) newIndex() (uint32, error) {
	table := *l.table.Load()
	var b [3]byte
	for range 4096 {
		rand.Read(b[:])
		idx := uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
		clash := b[2] == 0 // none is said as zero
		for other := range table {
			clash = clash || byte(other) == byte(idx)
		}
		if !clash {
			return idx, nil
		}
	}
	return 0, errors.New("too many sessions")
}

// setTable makes s receivable, or no longer. Under mu.
func (l *Link) setTable(s *session, in bool) {
	t := maps.Clone(*l.table.Load())
	if delete(t, s.index); in {
		t[s.index] = s
	}
	l.table.Store(&t)
}
