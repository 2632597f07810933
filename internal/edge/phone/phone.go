// SPDX-License-Identifier: Apache-2.0

// Package phone is where the telephones of the house are desks of the line: a trunk to the house's PBX.
//
// A ring of the line rings every extension that the configuration lists, beside the desks of the page; the first to lift has the
// call. An extension that calls the line rings the other party: nothing is dialled. The sound is G.711 from end to end, as
// frames of 20 ms of µ-law: A-law is turned into it by table, and nothing else is transcoded. Between two telephones it may be G.722.
//
//	phone.go     the Trunk: configuration, sockets, the loop · house.go extensions as desks of the line
//	agent.go     SIP with the trunk: our requests, theirs, what is refused · trunk.go registered, or a peer that answers
//	leg.go       one telephone's call: INVITE, CANCEL, hold, session timers
//	sdp.go       offers and answers · rtp.go packets · media.go the sound of a leg · keys.go STOP from the keys
//	probe.go     a test of an ordinary telephone
//
// One goroutine, the loop, owns the agent, its legs and the extensions. The agent is pure: its transactions are played on any
// time. Of sipgo the parser alone is used: its transactions hand each message to a goroutine of its own, so that an answer and
// a cancel change places, and dial what a stranger's Via names. Here a request is sent to the trunk, whatever a message names,
// and an answer to where its request came from. What does not come from the trunk's address is dropped before any state.
//
// Goroutines: the loop and the reader of the SIP port (over TCP: the accepter, a reader a connection, one while it dials), from
// New to Close; a reader and a pacer a leg; one an act of an extension while the line takes it.
//
// The spec is spec/phone.md (PHN).
package phone

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"example.org/parley/call"
	"example.org/parley/internal/act"
	"example.org/parley/internal/fault"
)

// Config is what the edge is given; the home has checked it.
type Config struct {
	Name       string         // of the other party, as the telephones show it
	Trunk      netip.AddrPort // the PBX
	TCP        bool
	TLS        *tls.Config    // over TLS, on TCP: how we know the PBX; nil: in the clear. Server is what we show it
	Server     *tls.Config    // where it opens a connection to us
	SRTP       bool           // no sound goes in the clear
	Bind       netip.AddrPort // our SIP address
	Media      uint16         // first UDP port of the sound, of 32
	Account    string         // that we register as; "": the trunk is a fixed peer
	Password   string
	Digest     string // MD5 or SHA-256
	Prompt     string // the language in which an ordinary telephone that is tested is asked for a key
	Extensions []Extension
}

// Extension is one telephone of the house.
type Extension struct {
	Number string
	Desk   string // its desk's name
}

// sealed says whether sound is: only where its keys are. SPEC: PHN-022
func (c *Config) sealed() string {
	switch {
	case c.TLS == nil:
		return inClear
	case c.SRTP:
		return isSealed
	}
	return mayBeSealed
}

func (c *Config) user() string { return cmp.Or(c.Account, "line") }

func (c *Config) listed(number string) bool {
	return slices.ContainsFunc(c.Extensions, func(x Extension) bool { return x.Number == number })
}

// Listener is what a desk hears with.
type Listener interface {
	WriteAt(call uint32, source byte, n uint32, frame []byte) error
	Use(codec string)
}

// Line is what the edge needs of the line; internal/node has it.
type Line interface {
	Do(ctx context.Context, who act.Who, lang string, a act.Act) (act.Reply, error)
	Live() call.Live
	Subscribe(string) (<-chan struct{}, func())
	Microphone(desk string, frame []byte)
	Hear(desk string, e Listener) // nil: it hears no more
	Narrow()                      // a call in G.722 becomes one in G.711
}

// What one peer may cost. SPEC: PHN-004
const (
	maxMessage  = 8 << 10
	maxStreams  = 4
	loopEvery   = 50 * time.Millisecond
	messageIn   = 10 * time.Second // a message over TCP, from its first byte to its last
	streamIdle  = 10 * time.Minute
	actWithin   = 10 * time.Second
	dialWithin  = 5 * time.Second
	writeWithin = 2 * time.Second
	goodbyeIn   = 40 // steps of loopEvery, for the answers to our last requests
)

// Trunk is the node's one place with the house's telephones.
type Trunk struct {
	cfg   Config
	line  Line
	log   *slog.Logger
	down  time.Time // the trunk is down since; zero: it is up, or was not yet
	a     *agent
	conn  *net.UDPConn // nil over TCP
	ln    net.Listener // nil over UDP
	comes chan parcel
	posts chan func()
	done  <-chan struct{}
	wait  sync.WaitGroup
	life  context.Context // until Close
	close context.CancelFunc

	strange atomic.Uint64 // packets and connections from elsewhere than the trunk
	refused atomic.Uint64 // messages of the trunk that could not be read, came too fast or were too many
	unheard atomic.Uint64 // packets of sound of calls that are over: not their telephone's, without sound that fits, out of order

	// owned by the loop
	phones  []*handset
	opened  *media // of a call that comes in, until it is somebody's
	over    *stream
	dialing bool
	why     string   // the newest dial came to nothing
	whyIn   string   // and the newest connection of theirs
	waiting []parcel // for a connection to the trunk
	trial   *trial   // of an ordinary telephone; nil: none
	lifted  call.ID  // the ring that a telephone of ours has lifted
	lookAt  time.Time

	streams map[*stream]bool
}

// stream is a connection to or from the trunk.
type stream struct{ net.Conn }

// New opens the SIP port and serves until Close.
func New(cfg Config, line Line, log *slog.Logger) (*Trunk, error) {
	if prompt(cfg.Prompt, '1') == nil {
		return nil, fmt.Errorf("there is no prompt in the language %q", cfg.Prompt)
	}
	e := &Trunk{cfg: cfg, line: line, log: log, a: newAgent(cfg), comes: make(chan parcel, 256), posts: make(chan func(), 64), streams: map[*stream]bool{}}
	for _, x := range cfg.Extensions {
		e.phones = append(e.phones, &handset{Extension: x, saying: map[string]bool{}})
	}
	e.life, e.close = context.WithCancel(context.Background())
	e.done = e.life.Done()
	e.a.happened, e.a.open = e.happened, e.openSound
	var err error
	switch {
	case cfg.TLS != nil && cfg.Server == nil: // the PBX opens no connection to us
	case cfg.TCP:
		e.ln, err = net.Listen("tcp", cfg.Bind.String())
	default:
		e.conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(cfg.Bind))
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't open the telephones' SIP port: %w", err)
	}
	if e.ln != nil {
		e.wait.Go(e.accept)
	}
	if e.conn != nil {
		e.wait.Go(e.read)
	}
	e.wait.Go(e.loop)
	return e, nil
}

func (e *Trunk) refuse() { e.refused.Add(1) }

// Counts are packets and connections from elsewhere, messages that were refused, and packets of sound.
func (e *Trunk) Counts() (strange, refused, unheard uint64) {
	return e.strange.Load(), e.refused.Load(), e.unheard.Load()
}

// Close ends every call, says to the trunk that we are gone and gives the ports back.
func (e *Trunk) Close() error {
	e.close()
	e.wait.Wait()
	return nil
}

// loop is the one goroutine that owns the agent and the extensions.
func (e *Trunk) loop() {
	changed, end := e.line.Subscribe("")
	defer end()
	tick := time.NewTicker(loopEvery)
	defer tick.Stop()
	for {
		select {
		case <-e.done:
			e.guarded(e.shut)
			return
		case p := <-e.comes:
			e.guarded(func() { e.a.received(p) })
		case f := <-e.posts:
			e.guarded(f)
		case <-changed:
			e.guarded(e.look)
		case <-tick.C:
			e.guarded(e.tick)
		}
	}
}

// guarded runs one step: what a message makes of our code ends that step alone. A log line holds nothing of a message.
//
// SPEC: PHN-002 PHN-005 NOD-044
func (e *Trunk) guarded(f func()) {
	defer fault.Caught(e.log, "a step of the telephones", e.refuse)
	e.a.now = time.Now()
	f()
	e.flush()
}

func (e *Trunk) tick() {
	e.a.tick(e.a.now)
	for _, h := range e.phones {
		e.watch(h)
		e.arm(h)
	}
	e.try()
	if e.a.now.Sub(e.lookAt) > time.Second {
		e.look()
	}
}

func (e *Trunk) shut() {
	if e.trial != nil {
		e.trial.l.off(0, "")
		e.trial.m.close()
	}
	for _, h := range e.phones {
		if h.leg != nil {
			h.leg.off(503, "Service Unavailable")
		}
	}
	if e.cfg.Account != "" && e.a.trunk.up {
		e.a.send(e.a.registers(0))
	}
	e.flush()
	e.a.trunk.pending = true // it is not looked at any more
	waits := func() bool {
		for _, q := range e.a.asks {
			if q.ack == nil {
				return true
			}
		}
		return false
	}
	for n := 0; waits() && n < goodbyeIn; n++ {
		select {
		case p := <-e.comes:
			e.guarded(func() { e.a.received(p) })
		case <-time.After(loopEvery):
			e.guarded(func() { e.a.tick(e.a.now) })
		}
	}
	if e.conn != nil {
		e.conn.Close()
	}
	if e.ln != nil {
		e.ln.Close()
	}
	for s := range e.streams {
		s.Close()
	}
}

// post gives the loop a step from another goroutine.
func (e *Trunk) post(f func()) {
	select {
	case e.posts <- f:
	case <-e.done:
	}
}

// flush sends what the agent has to say.
func (e *Trunk) flush() {
	e.refused.Add(e.a.dropped)
	out := e.a.out
	e.a.out, e.a.dropped = nil, 0
	for _, p := range out {
		if e.conn != nil {
			if !p.peer.IsValid() {
				p.peer = e.cfg.Trunk
			}
			_, _ = e.conn.WriteToUDPAddrPort(p.data, p.peer) // over UDP it is repeated
			continue
		}
		if !e.streams[p.over] { // none, or its request's has ended
			p.over = e.over
		}
		if p.over == nil {
			e.dial(p)
			continue
		}
		_ = p.over.SetWriteDeadline(time.Now().Add(writeWithin))
		if _, err := p.over.Write(p.data); err != nil {
			e.ends(p.over)
		}
	}
}

// dial opens a connection to the trunk, for what waits for it. SPEC: PHN-003
func (e *Trunk) dial(p parcel) {
	if len(e.waiting) < maxLegs {
		e.waiting = append(e.waiting, p)
	}
	if e.dialing {
		return
	}
	e.dialing = true
	e.wait.Go(func() {
		from := &net.TCPAddr{IP: e.cfg.Bind.Addr().AsSlice()} // by which a PBX may know us
		c, err := (&net.Dialer{Timeout: dialWithin, LocalAddr: from}).Dial("tcp", e.cfg.Trunk.String())
		if err == nil && e.cfg.TLS != nil {
			c = tls.Client(c, e.cfg.TLS)
			err = e.shakes(c)
		}
		e.post(func() {
			if e.dialing = false; anew(&e.why, err) {
				e.log.Warn("no connection to the telephones' trunk", "err", err)
			}
			waiting := e.waiting
			if e.waiting = nil; err != nil {
				return // the requests end without an answer
			}
			e.over = &stream{c}
			e.serve(e.over)
			e.a.out = append(waiting, e.a.out...)
		})
	})
}

// shakes ends the handshake of a connection over TLS, in time, or the connection. SPEC: PHN-006
func (e *Trunk) shakes(c net.Conn) (err error) {
	defer fault.Caught(e.log, "a handshake of the telephones' trunk", func() { c.Close(); err = net.ErrClosed })
	if over, ok := c.(*tls.Conn); ok {
		ctx, cancel := context.WithTimeout(context.Background(), dialWithin)
		defer cancel()
		if err = over.HandshakeContext(ctx); err != nil {
			c.Close()
		}
	}
	return err
}

// anew reports whether a connection came to nothing, and why is not what it was the last time.
func anew(last *string, err error) bool {
	was := *last
	*last = fmt.Sprint(err)
	return err != nil && *last != was
}

var parser = func() *sip.Parser {
	p := sip.NewParser()
	p.MaxMessageLength = maxMessage
	return p
}()

// read takes the packets of the SIP port: those of the trunk's address alone. SPEC: PHN-001
func (e *Trunk) read() {
	buf := make([]byte, maxMessage+1)
	for {
		n, from, err := e.conn.ReadFromUDPAddrPort(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
		case from.Addr().Unmap() != e.cfg.Trunk.Addr():
			e.strange.Add(1)
		case n > 4: // less keeps a way open
			e.comesIn(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
		}
	}
}

func (e *Trunk) comesIn(b []byte, from netip.AddrPort) {
	defer fault.Caught(e.log, "a message of the telephones' trunk", e.refuse)
	m, err := parser.ParseSIP(b)
	if err != nil || len(b) > maxMessage {
		e.refused.Add(1)
		if b = unreadable(b); b != nil {
			_, _ = e.conn.WriteToUDPAddrPort(b, from)
		}
		return
	}
	e.hand(parcel{msg: m, peer: from})
}

// hand gives the loop a message; too many at once are dropped, and over UDP come again.
func (e *Trunk) hand(p parcel) {
	select {
	case e.comes <- p:
	default:
		e.refused.Add(1)
	}
}

// accept takes connections of the trunk's address, a few at a time. SPEC: PHN-001
func (e *Trunk) accept() {
	for {
		c, err := e.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(loopEvery) // out of files, say
			continue
		}
		from, _ := netip.ParseAddrPort(c.RemoteAddr().String())
		if from.Addr().Unmap() != e.cfg.Trunk.Addr() {
			e.strange.Add(1)
			c.Close()
			continue
		}
		if e.cfg.TLS != nil {
			c = tls.Server(c, e.cfg.Server)
		}
		s := &stream{c}
		e.post(func() {
			if len(e.streams) >= maxStreams-1 { // one place is of the connection that we make
				s.Close()
				return
			}
			e.serve(s)
		})
	}
}

// serve reads a connection, once its peer is known, until it ends. The loop calls it.
func (e *Trunk) serve(s *stream) {
	e.streams[s] = true
	e.wait.Go(func() {
		err := e.shakes(s.Conn)
		e.post(func() {
			if anew(&e.whyIn, err) {
				e.log.Warn("a connection of the telephones' trunk is not taken", "err", err)
			}
			if err == nil && e.over == nil && e.streams[s] {
				e.over = s
			}
		})
		if err == nil {
			e.readStream(s)
		} else {
			e.strange.Add(1)
		}
		s.Close()
		e.post(func() { e.ends(s) })
	})
}

// ends forgets a connection.
func (e *Trunk) ends(s *stream) {
	s.Close()
	if delete(e.streams, s); e.over == s {
		e.over = nil
		e.a.trunk.soon(e.a.now)
	}
}

func (e *Trunk) readStream(s *stream) {
	defer fault.Caught(e.log, "a connection of the telephones' trunk", e.refuse)
	par, buf := parser.NewSIPStream(), make([]byte, maxMessage)
	defer par.Close()
	var begun time.Time // of a message that is not whole
	var pending []byte  // as it came
	for {
		wait := time.Now().Add(streamIdle)
		if !begun.IsZero() {
			wait = begun.Add(messageIn)
		}
		_ = s.SetReadDeadline(wait)
		n, err := s.Read(buf)
		if err != nil {
			return
		}
		data := buf[:n]
		if begun.IsZero() { // between messages: a connection is kept open by empty lines
			if data = bytes.TrimLeft(data, "\r\n"); len(data) == 0 {
				continue
			}
		}
		pending = append(pending, data...)
		_, err = par.Write(data)
		for err == nil && par.Buffer().Len() > 0 {
			var m sip.Message
			if m, n, err = par.ParseNext(); err == nil {
				begun, pending = time.Time{}, pending[min(n, len(pending)):]
				e.hand(parcel{msg: m, over: s})
			}
		}
		switch {
		case err == nil:
			begun = time.Time{}
		case !errors.Is(err, io.ErrUnexpectedEOF):
			e.refused.Add(1)
			if b := unreadable(pending); b != nil {
				_ = s.SetWriteDeadline(time.Now().Add(writeWithin))
				_, _ = s.Write(b)
			}
			return
		case begun.IsZero():
			begun = time.Now()
		}
	}
}
