// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"

	"example.org/parley/internal/fault"
	"example.org/parley/internal/voice"
)

// A browser's sound goes connecting → live ⇄ stalled → closed; from each to closed.
const (
	Connecting = "connecting"
	Live       = "live"
	Stalled    = "media stalled" // half a second without a packet
	Closed     = "closed"
)

// NotConstant is the fault of a browser whose packets' sizes vary.
const NotConstant = "not constant"

// Sound is what a browser's sound does, and has done.
type Sound struct {
	Media      string
	Since      time.Time
	Frames     uint64 // from the browser
	Bytes      uint64
	FrameBytes int    // size of the first frame
	OddSizes   uint64 // frames of another size
	Refused    uint64 // packets that hold no frame, or too long a one
	Unheard    uint64 // frames towards it of a speaker for whom no track was left
	Fault      string // "" or NotConstant
}

// track is one speaker's sound towards a browser, in Opus or in µ-law: pion's own track is bound to one payload type, so
// there is one for each, and both go out under the number by which the browser knows the speaker.
type track struct {
	*webrtc.TrackLocalStaticRTP // of Opus
	ulaw                        *webrtc.TrackLocalStaticRTP
}

func newTrack(name string) (t *track, err error) {
	t = &track{}
	if t.TrackLocalStaticRTP, err = webrtc.NewTrackLocalStaticRTP(opus, name, name); err == nil {
		t.ulaw, err = webrtc.NewTrackLocalStaticRTP(ulaw, name, name)
	}
	return t, err
}

// Bind is pion's call where the connection stands.
func (t *track) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	_, _ = t.ulaw.Bind(ctx) // a browser without it speaks Opus alone
	return t.TrackLocalStaticRTP.Bind(ctx)
}

// Browser is one browser's connection.
type Browser struct {
	edge    *Edge
	desk    string
	pc      *webrtc.PeerConnection
	tracks  [Tracks]*track // towards the browser, which plays all of them
	onFrame func([]byte)
	begun   time.Time

	reading                     atomic.Int32
	lastPacket                  atomic.Int64 // Unix nanoseconds; 0: none yet
	frames, bytes, odd, refused atomic.Uint64
	unheard                     atomic.Uint64
	size                        atomic.Int64
	mulaw                       atomic.Bool // speaks and hears µ-law, not Opus
	both                        atomic.Bool // can speak both

	mu     sync.Mutex // guards media and since, and keeps onState in order
	media  string
	since  time.Time
	closer sync.Once

	out struct { // towards the browser; frames come from several paths' readers
		sync.Mutex
		numbers [Tracks]voice.Numbering
		packet  [rtpHeader + voice.MaxFrame]byte
		silent  uint32 // frames of silence that the node sent
	}
}

func newBrowser(e *Edge, desk string, onFrame func([]byte)) (*Browser, error) {
	api, err := e.newAPI()
	if err != nil {
		return nil, err
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{e.cert}})
	if err != nil {
		return nil, fmt.Errorf("couldn't open a connection for sound: %w", err)
	}
	now := time.Now()
	p := &Browser{edge: e, desk: desk, pc: pc, onFrame: onFrame, begun: now, media: Connecting, since: now}
	for i := range p.tracks {
		name := fmt.Sprint("sound", i)
		if p.tracks[i], err = newTrack(name); err != nil {
			return nil, fmt.Errorf("couldn't open a track for sound: %w", err)
		}
	}
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if p.reading.Add(1) <= 2 { // one microphone a desk, which speaks on the one or the other
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
func (p *Browser) answer(offer string) (string, error) {
	err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer})
	for i := range min(len(p.pc.GetTransceivers()), Tracks) { // of fewer sections the first tracks have a place
		if err != nil {
			break
		}
		_, err = p.pc.AddTrack(p.tracks[i])
	}
	var ours webrtc.SessionDescription
	if err == nil {
		ours, err = p.pc.CreateAnswer(nil)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err == nil {
		err = p.pc.SetLocalDescription(ours)
	}
	if err != nil {
		return "", refuse(err.Error())
	}
	select {
	case <-gathered:
	case <-time.After(answerAfter):
		return "", refuse("no candidate of our own in time")
	}
	local := p.pc.LocalDescription()
	if local == nil {
		return "", ErrClosed
	}
	p.both.Store(strings.Count(local.SDP, " PCMU/8000") > 1) // the second section speaks it
	return ownAnswer(local.SDP)
}

// read takes the browser's packets until the peer is closed.
//
// SPEC: VOX-024 VOX-026 NOD-044
func (p *Browser) read(t *webrtc.TrackRemote) {
	defer fault.Caught(p.edge.log, "a browser's sound", p.Close)
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
		p.giveBack()
		if p.mulaw.Load() != (buf[1]&0x7f == 0) { // it has not changed its codec yet: the other end could not play it
			continue
		}
		if !p.size.CompareAndSwap(0, int64(len(frame))) && p.size.Load() != int64(len(frame)) {
			p.odd.Add(1)
		}
		p.onFrame(frame)
	}
}

// silence and hush are frames of Opus and of µ-law that hold no sound: what comes back to a browser to which nothing else goes.
var silence, hush = []byte{0xf8, 0xff, 0xfe}, bytes.Repeat([]byte{0xff}, voice.FrameBytes)

// giveBack answers a frame of the browser with silence, where nothing has gone to it for half a second: a page hears by
// that whether sound passes in both directions. Each frame is a call of its own, so that its time is that of the clock.
//
// SPEC: VOX-028
func (p *Browser) giveBack() {
	p.out.Lock()
	idle := true
	for i := range p.out.numbers {
		idle = idle && time.Now().UnixMilli()-p.out.numbers[i].SentMS >= returnAfter.Milliseconds()
	}
	if idle {
		p.out.silent++
	}
	call := anyCall + p.out.silent
	p.out.Unlock()
	frame := silence
	if p.mulaw.Load() {
		frame = hush
	}
	if idle {
		_ = p.WriteAt(call, 0, 0, frame) // the page says so where it does not come
	}
}

// WriteAt plays frame number n of a speaker of a call (his source) where it belongs in time, on a track that is his while
// he is heard. Frames that come late or out of order take their own place, and another speaker goes on where the last one of
// the track stopped. Where more speak than there are tracks, who came last is not heard. The frame is copied.
//
// SPEC: VOX-025 VOX-034
func (p *Browser) WriteAt(call uint32, source byte, n uint32, frame []byte) error {
	if len(frame) == 0 || len(frame) > voice.MaxFrame {
		return nil
	}
	now := time.Now().UnixMilli()
	p.out.Lock()
	defer p.out.Unlock()
	speaker := call<<8 | uint32(source)
	i := trackOf(&p.out.numbers, speaker, now)
	if i < 0 {
		if p.unheard.Add(1) == 1 { // once a connection: a frame writes no log line
			p.edge.log.Warn("a speaker is not heard at this desk: others speak on all its tracks", "desk", p.desk, "tracks", Tracks)
		}
		return nil
	}
	codec, ticks := p.tracks[i].TrackLocalStaticRTP, uint32(opusTicks)
	if p.mulaw.Load() {
		codec, ticks = p.tracks[i].ulaw, voice.FrameBytes
	}
	seq, at, fresh, ok := p.out.numbers[i].Place(speaker, n, ticks, now)
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
	_, err := codec.Write(b) // number, type and SSRC of the track are pion's to fill in
	return err
}

// Use sets the codec of what the browser says and hears from now on. What it still sends of the other goes nowhere.
//
// SPEC: VOX-035
func (p *Browser) Use(codec string) {
	if mulaw := codec == voice.ULaw; p.mulaw.Swap(mulaw) != mulaw {
		p.size.Store(0)
	}
}

// Only is the one codec that the browser speaks, "" where it speaks both.
//
// SPEC: VOX-035
func (p *Browser) Only() string {
	if p.both.Load() {
		return ""
	}
	return voice.Opus
}

// Sound says how the sound is.
func (p *Browser) Sound() Sound {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sound()
}

func (p *Browser) sound() Sound {
	s := Sound{Media: p.media, Since: p.since, Frames: p.frames.Load(), Bytes: p.bytes.Load(),
		FrameBytes: int(p.size.Load()), OddSizes: p.odd.Load(), Refused: p.refused.Load(), Unheard: p.unheard.Load()}
	if s.OddSizes > 0 {
		s.Fault = NotConstant
	}
	return s
}

// set moves to another state and tells the node.
func (p *Browser) set(media string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.media == media || p.media == Closed {
		return
	}
	p.media, p.since = media, now
	s := p.sound()
	p.edge.log.Debug("sound", "desk", p.desk, "media", media, "frames", s.Frames, "fault", s.Fault)
	p.edge.onState(p.desk, s)
}

// look is the watchdog's look at one peer.
//
// SPEC: VOX-027
func (p *Browser) look(now time.Time) {
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
func (p *Browser) Close() {
	p.closer.Do(func() {
		p.edge.mu.Lock()
		if p.edge.peers[p.desk] == p { // no other has taken its place
			delete(p.edge.peers, p.desk)
		}
		p.edge.mu.Unlock()
		p.set(Closed, time.Now())
		if err := p.pc.Close(); err != nil {
			p.edge.log.Debug("sound did not close", "desk", p.desk, "error", err)
		}
	})
}
