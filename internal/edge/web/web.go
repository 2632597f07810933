// SPDX-License-Identifier: Apache-2.0

// Package web is where a browser's sound becomes frames, and frames a browser's sound.
//
// The page of a desk sends one offer (SDP) over its WebSocket and gets one answer: no trickle, no
// STUN, no TURN, no mDNS; everything runs over one UDP port, bound to loopback unless told
// otherwise, and over the TCP port of that number where UDP does not pass (tcp.go). Firefox connects nothing to loopback, so
// beside it the machine's own addresses are offered, on the same port and for packets of this machine alone (own.go). An armed desk keeps its connection and its microphone open, so that a call only has to
// open a gate (internal/voice); what the browser sends meanwhile ends in the node.
//
// The answer names Opus, at constant bit rate, and G.711 µ-law, which a browser speaks in a call with a telephone or a
// tone: packets of varying size leak speech to whoever sees them, though sealed. What comes is held to it, by size. Frames
// are not looked into: the bytes that one browser made are the bytes that the other one plays.
//
// A killed tab is reported by its ICE connection after twenty seconds; so a watchdog of ours calls
// half a second without a packet *media stalled*, tells the node, and closes what stays so.
//
// Goroutines: one watchdog an Edge, from New to Close; pion's, one that accepts TCP and one or two a connection; one reader a Browser, from its first packet to
// its close; pion's own, a few a Browser, which end with it.
//
// The page's half is sound.js of internal/page; the tests here play it in a real browser.
//
// The spec is spec/voice.md (VOX). Telephones will be a package beside this one.
//
// SPEC: VOX-030 VOX-031 VOX-032 VOX-033
package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"example.org/parley/internal/fault"
)

const (
	stallAfter  = 500 * time.Millisecond // without a packet: media stalled
	closeAfter  = 10 * time.Second       // stalled so long: closed
	openWithin  = 20 * time.Second       // from the offer to the first packet
	watchEvery  = 50 * time.Millisecond
	maxPeers    = 32 // as many desks as a signal names
	maxOwn      = 8  // of the machine's own addresses
	answerAfter = 3 * time.Second
	returnAfter = 500 * time.Millisecond // without a frame to a browser: silence goes to it
	anyCall     = 1 << 16                // below are the numbers of calls
)

// ErrFull says that too many desks have sound already.
var ErrFull = errors.New("too many desks have sound at this node")

// ErrClosed is what a closed Edge or Peer answers.
var ErrClosed = errors.New("closed")

// Edge is the node's one meeting place with browsers' sound.
type Edge struct {
	onState func(desk string, s Sound)
	log     *slog.Logger
	cert    webrtc.Certificate // kept: browsers meet the same node all along
	conn    *net.UDPConn
	house   bool                  // every address of this machine is offered, to every machine
	tcp     ice.TCPMux            // nil where its port was taken
	quiet   logging.LoggerFactory // a peer's bytes write no log
	done    chan struct{}
	wait    sync.WaitGroup

	mu     sync.Mutex
	muxes  map[netip.Addr]ice.UDPMux // of the configured address, and of the machine's own; guarded by mu
	peers  map[string]*Browser       // by desk
	closed bool
}

// New opens the UDP port to which browsers send sound, at addr, and the TCP port of that number: anything but loopback lets
// other machines' browsers send sound here, an address that is not specified at every address of this machine, once the page has taken their offer. onState is told each change of a browser's sound, in the order of the
// changes of that browser. It must not block and may call Peer only. Of a desk whose page was loaded again, the old one's
// end comes after the new one's beginning: Peer gives the new one then.
//
// SPEC: VOX-020
func New(addr netip.AddrPort, onState func(desk string, s Sound), log *slog.Logger) (*Edge, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("couldn't make the sound's key: %w", err)
	}
	cert, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, fmt.Errorf("couldn't make the sound's certificate: %w", err)
	}
	first, house := addr, addr.Addr().IsUnspecified()
	if house {
		first = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), addr.Port())
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(first))
	if err != nil {
		return nil, fmt.Errorf("couldn't open the sound's UDP port: %w", err)
	}
	e := &Edge{onState: onState, log: log, cert: *cert, conn: conn, house: house, quiet: &logging.DefaultLoggerFactory{Writer: io.Discard}, done: make(chan struct{}),
		peers: map[string]*Browser{}, muxes: map[netip.Addr]ice.UDPMux{}}
	e.muxes[e.Addr().Addr()] = webrtc.NewICEUDPMux(e.quiet.NewLogger("ice"), conn)
	if e.tcp, err = e.listenTCP(netip.AddrPortFrom(addr.Addr(), e.Addr().Port())); err != nil {
		log.Error("the sound of desks has no way where UDP is blocked", "err", err)
	}
	e.wait.Go(e.watch)
	return e, nil
}

// newAPI makes pion speak Opus and µ-law only, over our port only, without interceptors: no report goes back
// to the browser, so nothing makes it change its rate. The caller holds e.mu.
func (e *Edge) newAPI() (*webrtc.API, error) {
	offered := []ice.UDPMux{e.muxes[e.Addr().Addr()]}
	if e.house || e.Addr().Addr().IsLoopback() {
		offered = append(offered, e.ownAddresses()...)
	}
	s := webrtc.SettingEngine{LoggerFactory: e.quiet}
	s.SetICEUDPMux(ice.NewMultiUDPMuxDefault(offered...))
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetIncludeLoopbackCandidate(true)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6})
	s.DisableActiveTCP(true) // the node is spoken to
	if e.tcp != nil {
		s.SetICETCPMux(e.tcp)
	}
	s.SetICETimeouts(2*time.Second, openWithin-2*time.Second, 500*time.Millisecond) // a slow browser begins late; of what was live the watchdog tells
	var m webrtc.MediaEngine
	for _, c := range []webrtc.RTPCodecParameters{{RTPCodecCapability: opus, PayloadType: 111}, {RTPCodecCapability: ulaw, PayloadType: 0}} {
		if err := m.RegisterCodec(c, webrtc.RTPCodecTypeAudio); err != nil {
			return nil, fmt.Errorf("couldn't name the codec: %w", err)
		}
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(&m), webrtc.WithSettingEngine(s),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{})), nil
}

// Addr is the UDP address that browsers send to.
func (e *Edge) Addr() netip.AddrPort { return e.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// Peer gives the desk's present connection, or nil.
func (e *Edge) Peer(desk string) *Browser {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.peers[desk]
}

// Offer answers a browser's offer. onFrame gets each frame of its microphone, in order; the bytes
// are good until it returns. A desk has one connection: a second offer replaces the first.
//
// SPEC: VOX-021 VOX-022
func (e *Edge) Offer(desk, sdp string, onFrame func(frame []byte)) (answer string, p *Browser, err error) {
	offer, err := cleanOffer(sdp)
	if err != nil {
		return "", nil, err
	}
	p, err = e.enter(desk, onFrame)
	if err != nil {
		return "", nil, err
	}
	defer func() {
		if err != nil {
			p.Close()
			answer, p = "", nil
		}
	}()
	defer fault.Caught(e.log, "a browser's offer", func() { err = refuse("it could not be read") })
	answer, err = p.answer(offer)
	return answer, p, err
}

// enter makes the desk's peer and takes the place of the one before, which is closed beside it: how long that takes is no
// matter of the new one.
func (e *Edge) enter(desk string, onFrame func([]byte)) (p *Browser, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, ErrClosed
	}
	old := e.peers[desk]
	if old == nil && len(e.peers) >= maxPeers {
		return nil, ErrFull
	}
	if p, err = newBrowser(e, desk, onFrame); err != nil {
		return nil, err
	}
	if e.peers[desk] = p; old != nil {
		e.wait.Go(old.Close)
	}
	return p, nil
}

func (e *Edge) all() []*Browser {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Collect(maps.Values(e.peers))
}

// watch looks at every peer, because pion says nothing of a track that has gone silent.
func (e *Edge) watch() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-e.done:
			return
		case now := <-tick.C:
			for _, p := range e.all() {
				p.look(now)
			}
		}
	}
}

// Close ends every connection and gives the port back.
func (e *Edge) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	e.mu.Unlock()
	close(e.done)
	e.wait.Wait()
	for _, p := range e.all() {
		p.Close()
	}
	var err error
	for _, m := range e.muxes {
		err = errors.Join(err, m.Close())
	}
	if e.tcp != nil {
		err = errors.Join(err, e.tcp.Close())
	}
	return err
}
