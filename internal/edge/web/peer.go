// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"

	"example.org/parley/internal/voice"
)

// Media is the state of a browser's sound.
type Media string

// A peer goes connecting → live ⇄ stalled → closed; from each to closed.
const (
	Connecting Media = "connecting"
	Live       Media = "live"
	Stalled    Media = "media stalled" // half a second without a packet
	Closed     Media = "closed"
)

// NotConstant is the fault of a browser whose packets' sizes vary.
const NotConstant = "not constant"

// State is what a peer's sound does, and has done.
type State struct {
	Media      Media
	Since      time.Time
	Frames     uint64 // from the browser
	Bytes      uint64
	FrameBytes int    // size of the first frame
	OddSizes   uint64 // frames of another size
	Refused    uint64 // packets that hold no frame, or too long a one
	Fault      string // "" or NotConstant
}

// Peer is one browser's connection.
type Peer struct {
	edge    *Edge
	desk    string
	pc      *webrtc.PeerConnection
	track   *webrtc.TrackLocalStaticRTP // towards the browser
	onFrame func([]byte)
	begun   time.Time

	reading                     atomic.Bool
	lastPacket                  atomic.Int64 // Unix nanoseconds; 0: none yet
	frames, bytes, odd, refused atomic.Uint64
	size                        atomic.Int64

	mu     sync.Mutex // guards media and since, and keeps OnState in order
	media  Media
	since  time.Time
	closer sync.Once

	out struct { // towards the browser; frames come from several paths' readers
		sync.Mutex
		numbers numbering
		packet  [rtpHeader + voice.MaxFrame]byte
	}
}

func newPeer(e *Edge, desk string, onFrame func([]byte)) (*Peer, error) {
	api, err := e.newAPI()
	if err != nil {
		return nil, err
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{e.cert}})
	if err != nil {
		return nil, fmt.Errorf("couldn't open a connection for sound: %w", err)
	}
	track, err := webrtc.NewTrackLocalStaticRTP(opus, "sound", "parley")
	if err != nil {
		return nil, fmt.Errorf("couldn't open a track for sound: %w", err)
	}
	now := time.Now()
	p := &Peer{edge: e, desk: desk, pc: pc, track: track, onFrame: onFrame, begun: now, media: Connecting, since: now}
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if p.reading.CompareAndSwap(false, true) { // one microphone a desk
			p.read(t)
		}
	})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateFailed || s == webrtc.PeerConnectionStateClosed {
			p.Close()
		}
	})
	return p, nil
}

// answer gives the whole answer, candidates in it.
func (p *Peer) answer(offer string) (string, error) {
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", &OfferError{err.Error()}
	}
	if _, err := p.pc.AddTrack(p.track); err != nil {
		return "", &OfferError{err.Error()}
	}
	ours, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return "", &OfferError{err.Error()}
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(ours); err != nil {
		return "", &OfferError{err.Error()}
	}
	select {
	case <-gathered:
	case <-time.After(answerAfter):
		return "", &OfferError{"no candidate of our own in time"}
	}
	local := p.pc.LocalDescription()
	if local == nil {
		return "", ErrClosed
	}
	return ownAnswer(local.SDP)
}

// read takes the browser's packets until the peer is closed.
//
// SPEC: VOX-024 VOX-026
func (p *Peer) read(t *webrtc.TrackRemote) {
	buf := make([]byte, 1500)
	for {
		n, _, err := t.Read(buf)
		if err != nil {
			return
		}
		frame := payload(buf[:n])
		if frame == nil || len(frame) > voice.MaxFrame {
			p.refused.Add(1)
			continue
		}
		p.lastPacket.Store(time.Now().UnixNano())
		p.frames.Add(1)
		p.bytes.Add(uint64(len(frame)))
		if !p.size.CompareAndSwap(0, int64(len(frame))) && p.size.Load() != int64(len(frame)) {
			p.odd.Add(1)
		}
		p.onFrame(frame)
	}
}

// Write plays a frame that has no number of its own.
func (p *Peer) Write(frame []byte) error {
	p.out.Lock()
	next := p.out.numbers.newest + 1
	p.out.Unlock()
	return p.WriteAt(0, next, frame)
}

// WriteAt plays frame number n of a source (a call's number, say; 0 is Write's) where it belongs in
// time. Frames that come late or out of order take their own place, and another source goes on
// where the last one stopped. The frame is copied.
//
// SPEC: VOX-025
func (p *Peer) WriteAt(source, n uint32, frame []byte) error {
	if len(frame) == 0 || len(frame) > voice.MaxFrame {
		return nil
	}
	p.out.Lock()
	defer p.out.Unlock()
	seq, at, fresh, ok := p.out.numbers.place(source, n, time.Now().UnixMilli())
	if !ok {
		return nil
	}
	b := p.out.packet[:rtpHeader+len(frame)]
	b[0], b[1] = 2<<6, 0
	if fresh {
		b[1] = newSourceBit
	}
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], at)
	copy(b[rtpHeader:], frame)
	_, err := p.track.Write(b) // number, type and SSRC of the track are pion's to fill in
	return err
}

// State says how the sound is.
func (p *Peer) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state()
}

func (p *Peer) state() State {
	s := State{Media: p.media, Since: p.since, Frames: p.frames.Load(), Bytes: p.bytes.Load(),
		FrameBytes: int(p.size.Load()), OddSizes: p.odd.Load(), Refused: p.refused.Load()}
	if s.OddSizes > 0 {
		s.Fault = NotConstant
	}
	return s
}

// set moves to another state and tells the node.
func (p *Peer) set(m Media, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.media == m || p.media == Closed {
		return
	}
	p.media, p.since = m, now
	s := p.state()
	p.edge.cfg.Log.Debug("sound", "desk", p.desk, "media", m, "frames", s.Frames, "fault", s.Fault)
	if p.edge.cfg.OnState != nil {
		p.edge.cfg.OnState(p.desk, p, s)
	}
}

// look is the watchdog's look at one peer.
//
// SPEC: VOX-027
func (p *Peer) look(now time.Time) {
	last := p.lastPacket.Load()
	switch silent := now.UnixNano() - last; {
	case last == 0 && now.Sub(p.begun) > openWithin, last != 0 && silent > int64(closeAfter):
		p.edge.wait.Go(p.Close) // not here: the other peers are looked at meanwhile
	case last == 0:
	case silent > int64(stallAfter):
		p.set(Stalled, now)
	default:
		p.set(Live, now)
	}
}

// Close ends the connection; the browser sees it.
func (p *Peer) Close() {
	p.closer.Do(func() {
		p.edge.leave(p)
		p.set(Closed, time.Now())
		if err := p.pc.Close(); err != nil {
			p.edge.cfg.Log.Debug("sound did not close", "desk", p.desk, "error", err)
		}
	})
}
