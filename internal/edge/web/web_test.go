// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.org/parley/internal/voice"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"
)

// caller is a browser made of pion: it offers, sends numbered frames and keeps what it hears.
type caller struct {
	pc    *webrtc.PeerConnection
	track *webrtc.TrackLocalStaticRTP
	heard chan []byte  // whole RTP packets, of each track
	quiet atomic.Int32 // of them, the node's own silence, which is kept apart
	up    chan struct{}
	seq   uint16
}

func newCaller(t testing.TB, over ...webrtc.NetworkType) *caller {
	t.Helper()
	var m webrtc.MediaEngine
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	if len(over) > 0 {
		s.SetNetworkTypes(over)
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(&m), webrtc.WithSettingEngine(s), webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	c := &caller{pc: pc, heard: make(chan []byte, 4096), up: make(chan struct{})}
	c.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "a", "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pc.AddTrack(c.track); err != nil {
		t.Fatal(err)
	}
	pc.OnTrack(func(r *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			b := make([]byte, 1500)
			n, _, err := r.Read(b)
			if err != nil {
				return
			}
			if bytes.Equal(payload(b[:n]), silence) {
				c.quiet.Add(1)
				continue
			}
			c.heard <- b[:n]
		}
	})
	var once sync.Once
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(c.up) })
		}
	})
	return c
}

func (c *caller) offer(t testing.TB) string {
	t.Helper()
	o, err := c.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	done := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(o); err != nil {
		t.Fatal(err)
	}
	<-done
	return c.pc.LocalDescription().SDP
}

func (c *caller) connect(t testing.TB, e *Edge, desk string, onFrame func([]byte)) *Browser {
	t.Helper()
	answer, p, err := e.Offer(desk, c.offer(t), onFrame)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.up:
	case <-time.After(time.Minute):
		t.Fatal("not connected in a minute")
	}
	return p
}

func (c *caller) send(t testing.TB, frame []byte) {
	t.Helper()
	b := make([]byte, rtpHeader, rtpHeader+len(frame))
	b[0], b[2], b[3] = 2<<6, byte(c.seq>>8), byte(c.seq)
	c.seq++
	if _, err := c.track.Write(append(b, frame...)); err != nil {
		t.Fatal(err)
	}
}

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

func ignore(string, Sound) {}

func open(t testing.TB, addr netip.AddrPort, onState func(string, Sound)) *Edge {
	t.Helper()
	e, err := New(addr, onState, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func numbered(n, size int) []byte {
	return append([]byte{byte(n)}, bytes.Repeat([]byte{0xab}, size-1)...)
}

// eventually waits for what takes about so long on a quiet machine; a busy one gets twenty times that.
func eventually(t testing.TB, about time.Duration, what string, ok func() bool) {
	t.Helper()
	within := 20 * about
	for end := time.Now().Add(within); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// SPEC: VOX-020 VOX-022 VOX-024
func TestFramesBothWays(t *testing.T) {
	e := open(t, loopback, ignore)
	if !e.Addr().Addr().IsLoopback() {
		t.Fatalf("listens on %v", e.Addr())
	}
	c := newCaller(t)
	got := make(chan byte, 64)
	p := c.connect(t, e, "d1", func(f []byte) { got <- f[0] })
	for n := range 20 {
		c.send(t, numbered(n, 80))
		select {
		case b := <-got:
			if int(b) != n {
				t.Fatalf("frame %d came as %d", n, b)
			}
		case <-time.After(time.Minute):
			t.Fatalf("node did not hear frame %d", n)
		}
		if err := p.WriteAt(9, 0, uint32(n), numbered(n, 80)); err != nil {
			t.Fatal(err)
		}
		select {
		case b := <-c.heard:
			if f := payload(b); len(f) != 80 || int(f[0]) != n {
				t.Fatalf("browser heard %x in place of frame %d", b, n)
			}
		case <-time.After(time.Minute):
			t.Fatalf("browser did not hear frame %d", n)
		}
	}
	eventually(t, time.Second, "live", func() bool { return p.Sound().Media == Live })
	if s := p.Sound(); s.Frames != 20 || s.FrameBytes != 80 || s.Fault != "" || s.Bytes != 1600 {
		t.Fatalf("%+v", s)
	}
}

// A browser on a busy machine may take its time before it tries the answer: it is waited for as long as for its first packet.
//
// SPEC: VOX-022
func TestABrowserThatBeginsLateConnects(t *testing.T) {
	e := open(t, loopback, ignore)
	c := newCaller(t)
	answer, p, err := e.Offer("d1", c.offer(t), func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(openWithin / 2)
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Second, "live", func() bool {
		select {
		case <-c.up:
			c.send(t, numbered(0, 80))
		default:
		}
		return p.Sound().Media == Live
	})
}

// A browser to which no UDP passes speaks and hears over TCP. SPEC: VOX-029
func TestSoundByTCP(t *testing.T) {
	e := open(t, loopback, ignore)
	c := newCaller(t, webrtc.NetworkTypeTCP4)
	p := c.connect(t, e, "d1", func([]byte) {})
	eventually(t, 2*time.Second, "sound both ways", func() bool {
		c.send(t, numbered(0, 80))
		time.Sleep(20 * time.Millisecond)
		return p.Sound().Media == Live && c.quiet.Load() > 2
	})
}

// The TCP port lets in so many, and keeps nobody who says nothing. SPEC: VOX-029
func TestTCPPortIsBounded(t *testing.T) {
	e := open(t, netip.MustParseAddrPort("0.0.0.0:0"), ignore)
	dial := func(from byte) net.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, from)}}
		c, err := d.Dial("tcp", e.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	ended := func(c net.Conn, within time.Duration) bool {
		_ = c.SetReadDeadline(time.Now().Add(within))
		_, err := c.Read(make([]byte, 1))
		return !errors.Is(err, os.ErrDeadlineExceeded)
	}
	var in []net.Conn
	for from := range byte(maxTCP / maxTCPOf) {
		for range maxTCPOf {
			in = append(in, dial(from+1))
		}
		if !ended(dial(from+1), time.Minute) {
			t.Fatal("one too many of an address was let in")
		}
	}
	if !ended(dial(200), time.Minute) {
		t.Fatal("one too many was let in")
	}
	if ended(in[0], firstWithin/4) {
		t.Error("one that found room was sent away at once")
	}
	for _, c := range in {
		if !ended(c, time.Minute) {
			t.Fatal("one that says nothing is kept")
		}
	}
	if c := dial(1); ended(c, firstWithin/4) {
		t.Error("no room is given back")
	}
}

// A browser that is sent nothing hears silence come back for what it sends, and none while it is sent sound.
//
// SPEC: VOX-028
func TestSilenceComesBack(t *testing.T) {
	e := open(t, loopback, ignore)
	c := newCaller(t)
	p := c.connect(t, e, "d1", func([]byte) {})
	back := func() bool { c.send(t, numbered(0, 80)); time.Sleep(20 * time.Millisecond); return c.quiet.Load() > 2 }
	eventually(t, 2*time.Second, "silence came back", back)
	eventually(t, time.Second, "what was on its way", func() bool { // then sound goes to it all the time
		had := c.quiet.Load()
		for n := range 40 {
			if err := p.WriteAt(7, 0, uint32(n), numbered(n, 80)); err != nil {
				t.Fatal(err)
			}
			c.send(t, numbered(n, 80))
			time.Sleep(5 * time.Millisecond)
		}
		return c.quiet.Load() == had
	})
	time.Sleep(returnAfter * 2) // and of itself the node sends none
	had := c.quiet.Load()
	time.Sleep(returnAfter * 2)
	if c.quiet.Load() != had {
		t.Error("silence came back for nothing")
	}
}

// SPEC: VOX-026
func TestVaryingSizesAreAFault(t *testing.T) {
	e := open(t, loopback, ignore)
	c := newCaller(t)
	p := c.connect(t, e, "d1", func([]byte) {})
	for _, size := range []int{80, 80, 23, 80, 130, 1000} {
		c.send(t, numbered(0, size))
	}
	eventually(t, 2*time.Second, "six packets", func() bool { s := p.Sound(); return s.Frames+s.Refused == 6 })
	if s := p.Sound(); s.OddSizes != 2 || s.Refused != 1 || s.Fault != NotConstant {
		t.Fatalf("%+v", s)
	}
}

// SPEC: VOX-027
func TestWatchdog(t *testing.T) {
	var mu sync.Mutex
	var states []string
	e := open(t, loopback, func(desk string, s Sound) {
		mu.Lock()
		defer mu.Unlock()
		states = append(states, desk+" "+s.Media)
	})
	c := newCaller(t)
	p := c.connect(t, e, "d1", func([]byte) {})
	for range 10 {
		c.send(t, numbered(0, 80))
		time.Sleep(20 * time.Millisecond)
	}
	eventually(t, 2*time.Second, "stalled", func() bool { return p.Sound().Media == Stalled })
	if stallAfter+2*watchEvery > time.Second {
		t.Error("a silent browser is reported later than within a second")
	}
	eventually(t, time.Second, "live again", func() bool { c.send(t, numbered(0, 80)); return p.Sound().Media == Live })
	c.pc.Close() // as the page does when it goes
	eventually(t, time.Second, "closed", func() bool { return p.Sound().Media == Closed })
	eventually(t, time.Second, "forgotten", func() bool { return e.Peer("d1") == nil })
	mu.Lock()
	defer mu.Unlock()
	// A busy machine may stall it once more in between.
	if s := strings.Join(states, ", "); !strings.HasPrefix(s, "d1 live, d1 media stalled, d1 live") || !strings.HasSuffix(s, "d1 closed") {
		t.Fatal(s)
	}
}

// SPEC: VOX-021 VOX-022
func TestSecondOfferReplacesTheFirst(t *testing.T) {
	e := open(t, loopback, ignore)
	first := newCaller(t).connect(t, e, "d1", func([]byte) {})
	second := newCaller(t).connect(t, e, "d1", func([]byte) {})
	eventually(t, time.Second, "the first closed", func() bool { return first.Sound().Media == Closed && e.Peer("d1") == second })
	if _, _, err := e.Offer("d1", "v=0\r\n", nil); err == nil || e.Peer("d1") != second {
		t.Fatal("a bad offer took the desk's sound")
	}
	for i := range maxPeers - 1 {
		if _, _, err := e.Offer(fmt.Sprint("x", i), newCaller(t).offer(t), func([]byte) {}); err != nil {
			t.Fatal(i, err)
		}
	}
	if _, _, err := e.Offer("one more", newCaller(t).offer(t), func([]byte) {}); !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Offer("d2", newCaller(t).offer(t), func([]byte) {}); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

// SPEC: VOX-023
func TestAnswerSaysConstantBitRate(t *testing.T) {
	e := open(t, loopback, ignore)
	answer, _, err := e.Offer("d1", newCaller(t).offer(t), func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(answer, "a=fmtp:111 "+fmtp+"\r\n") || strings.Count(answer, "a=fmtp:") != 1 ||
		strings.Contains(answer, "usedtx") || strings.Contains(answer, ".local") || strings.Count(answer, "a=candidate:") < 1 {
		t.Fatal(answer)
	}
	loopback := fmt.Sprintf(" 127.0.0.1 %d typ host", e.Addr().Port())
	if !strings.Contains(answer, loopback) {
		t.Errorf("loopback is not offered:\n%s", answer)
	}
	addrs, _ := net.InterfaceAddrs()
	for line := range strings.Lines(answer) {
		own := slices.ContainsFunc(addrs, func(a net.Addr) bool {
			ip, _, _ := strings.Cut(a.String(), "/")
			return strings.Contains(line, fmt.Sprintf(" %s %d typ host", ip, e.Addr().Port()))
		})
		if strings.HasPrefix(line, "a=candidate:") && !own {
			t.Errorf("a candidate that is not our one port at an address of this machine: %s", line)
		}
	}
}

// Beside loopback the machine's own addresses are offered, and take only what comes from this machine. Where another
// address is configured, it stands alone.
//
// SPEC: VOX-020
func TestOwnAddressesHearThisMachineAlone(t *testing.T) {
	e := open(t, loopback, ignore)
	if _, _, err := e.Offer("d1", newCaller(t).offer(t), func([]byte) {}); err != nil {
		t.Fatal(err)
	}
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err != nil || !p.Addr().Is4() || !p.Addr().IsGlobalUnicast() {
			continue
		}
		if e.muxes[p.Addr()] == nil {
			t.Errorf("%v is not offered", p.Addr())
		}
		hears(t, p.Addr())
		alone := open(t, netip.AddrPortFrom(p.Addr(), 0), ignore)
		answer, _, err := alone.Offer("d1", newCaller(t).offer(t), func([]byte) {})
		own := strings.Count(answer, fmt.Sprintf(" %v %d typ host", p.Addr(), alone.Addr().Port()))
		if err != nil || own == 0 || strings.Count(answer, "a=candidate:") != own {
			t.Errorf("%v: %s", err, answer)
		}
	}
}

// hears sends to a socket of that address from another source, which it must not hear, and then from its own.
func hears(t *testing.T, own netip.Addr) {
	t.Helper()
	c, err := listenToOurselves(netip.AddrPortFrom(own, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, source := range []string{"127.0.0.1", own.String()} {
		from, err := net.DialUDP("udp", &net.UDPAddr{IP: net.ParseIP(source)}, c.LocalAddr().(*net.UDPAddr))
		if err != nil {
			t.Fatal(err)
		}
		defer from.Close()
		if _, err := from.Write([]byte(source)); err != nil {
			t.Fatal(err)
		}
	}
	b := make([]byte, 64)
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err := c.Read(b); err != nil || string(b[:n]) != own.String() {
		t.Errorf("heard %q first: %v", b[:n], err)
	}
}

// SPEC: VOX-021
func TestOffersThatAreNot(t *testing.T) {
	good := newCaller(t).offer(t)
	e := open(t, loopback, ignore)
	for name, sdp := range map[string]string{
		"empty":          "",
		"too long":       good + strings.Repeat("a=x\r\n", maxOffer/5),
		"not each opus":  good + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",
		"five sections":  good + strings.Repeat("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n", Tracks),
		"video":          strings.Replace(good, "m=audio", "m=video", 1),
		"no opus":        strings.ReplaceAll(good, "opus/48000/2", "opus/8000/1"),
		"no fingerprint": strings.ReplaceAll(good, "a=fingerprint", "a=finger"),
		"no ufrag":       strings.ReplaceAll(good, "a=ice-ufrag", "a=u"),
		"binary":         "v=0\r\nm=audio 9 X 111\r\na=rtpmap:111 opus/48000/2\r\n\x00\xff",
	} {
		_, p, err := e.Offer("d", sdp, func([]byte) {})
		if !errors.Is(err, ErrOffer) || p != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if e.Peer("d") != nil {
		t.Error("a refused offer left a peer")
	}
	clean, err := cleanOffer(good)
	if err != nil || strings.Contains(clean, "a=candidate") {
		t.Errorf("%v %s", err, clean)
	}
}

// Each speaker has a track of his own, a fifth none, until another has been silent for a second; the next call's have the
// tracks at once.
//
// SPEC: VOX-021 VOX-025 VOX-034
func TestEachSpeakerHasATrack(t *testing.T) {
	e := open(t, loopback, ignore)
	c := newCaller(t)
	for range Tracks - 1 {
		if _, err := c.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			t.Fatal(err)
		}
	}
	up := make(chan struct{}, 1)
	p := c.connect(t, e, "d1", func([]byte) { up <- struct{}{} })
	c.send(t, numbered(0, 80))
	<-up                       // the node's end of the connection is ready too
	track := map[byte]uint32{} // of a speaker: the RTP source that his frames came from
	hears := func(call uint32, speaker byte, want bool) {
		t.Helper()
		if err := p.WriteAt(call, speaker, 7, numbered(int(speaker), 80)); err != nil {
			t.Fatal(err)
		}
		if !want {
			return
		}
		select {
		case b := <-c.heard:
			if f := payload(b); len(f) != 80 || f[0] != speaker {
				t.Fatalf("%x is heard in place of speaker %d", b, speaker)
			}
			track[speaker] = binary.BigEndian.Uint32(b[8:])
		case <-time.After(time.Minute):
			t.Fatalf("speaker %d is not heard", speaker)
		}
	}
	for _, s := range []byte{0, 1, 4, 7} {
		hears(9, s, true)
	}
	hears(9, 2, false)
	if n := p.Sound().Unheard; n != 1 || len(slices.Compact(slices.Sorted(maps.Values(track)))) != Tracks {
		t.Fatalf("%d frames unheard, tracks %v", n, track)
	}
	hears(10, 2, true)
	if track[2] != track[0] {
		t.Error("the next call's first speaker has not the first track")
	}
	tracks := [Tracks]voice.Numbering{{Started: true, Source: 1<<8 | 1, SentMS: 5000}, {Started: true, Source: 1<<8 | 2, SentMS: 4000},
		{Started: true, Source: 1<<8 | 3, SentMS: 4001}, {Started: true, Source: 1<<8 | 4, SentMS: 5000}}
	if a, b := trackOf(&tracks, 1<<8|5, 4999), trackOf(&tracks, 1<<8|5, 5000); a != -1 || b != 1 {
		t.Errorf("a fifth speaker has track %d, and then %d", a, b)
	}
}

// What is in use decides what a browser sends and gets; one whose offer has no µ-law speaks Opus alone.
//
// SPEC: VOX-035
func TestCodecInUse(t *testing.T) {
	e := open(t, loopback, ignore)
	c := newCaller(t)
	if _, err := c.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio); err != nil {
		t.Fatal(err)
	}
	got := make(chan []byte, 64)
	p := c.connect(t, e, "d1", func(f []byte) { got <- bytes.Clone(f) })
	c.send(t, numbered(1, 80))
	if f := <-got; f[0] != 1 || p.Only() != "" {
		t.Fatalf("%x, alone %q", f, p.Only())
	}
	hears := func(n uint32, size, kind int, ticks uint32) {
		t.Helper()
		for i := range uint32(2) {
			if err := p.WriteAt(9, 0, n+i, numbered(7, size)); err != nil {
				t.Fatal(err)
			}
		}
		first, second := <-c.heard, <-c.heard
		if int(first[1]&0x7f) != kind || len(payload(first)) != size || binary.BigEndian.Uint32(second[4:])-binary.BigEndian.Uint32(first[4:]) != ticks {
			t.Errorf("%x, then %x", first[:rtpHeader], second[:rtpHeader])
		}
	}
	hears(0, 80, 111, 960)
	p.Use(voice.ULaw)
	hears(2, 160, 0, 160)
	c.send(t, numbered(2, 80)) // still Opus: the other end could not play it
	eventually(t, time.Second, "it came", func() bool { return p.Sound().Frames == 2 })
	p.Use(voice.Opus)
	hears(4, 80, 111, 960)
	c.send(t, numbered(3, 80))
	if f := <-got; f[0] != 3 || p.Sound().Fault != "" {
		t.Errorf("%x, %+v", f, p.Sound())
	}
	if _, q, err := e.Offer("d2", newCaller(t).offer(t), func([]byte) {}); err != nil || q.Only() != voice.Opus {
		t.Errorf("a page that speaks on one section: %v", err)
	}
	answer, err := ownAnswer("m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=rtpmap:111 opus/48000/2\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n")
	if err != nil || !strings.HasPrefix(answer, "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n") || !strings.HasSuffix(answer, "m=audio 9 UDP/TLS/RTP/SAVPF 0 111\r\n") {
		t.Errorf("%v %q", err, answer)
	}
}

// SPEC: VOX-025
func TestNumbering(t *testing.T) {
	var n voice.Numbering
	type want struct {
		seq  int
		time int
	}
	at := func(source, frame uint32, ms int64) want {
		seq, time, _, ok := n.Place(source, frame, opusTicks, ms)
		if !ok {
			return want{-1, -1}
		}
		return want{int(seq), int(time)}
	}
	base := at(1, 100, 0)
	for _, c := range []struct {
		frame    uint32
		ms       int64
		seq, off int
	}{{101, 20, 1, 960}, {104, 80, 4, 4 * 960}, {103, 81, 3, 3 * 960}, {105, 100, 5, 5 * 960}} {
		if got := at(1, c.frame, c.ms); got.seq != base.seq+c.seq || got.time != base.time+c.off {
			t.Errorf("frame %d: %+v after %+v", c.frame, got, base)
		}
	}
	if got := at(1, 20, 100); got.seq != -1 {
		t.Errorf("an old frame has a place: %+v", got)
	}
	if got := at(2, 900000, 2100); got.seq != base.seq+6 || got.time != base.time+5*960+2000*48 {
		t.Errorf("another source, two seconds later: %+v after %+v", got, base)
	}
	if got := at(1, 106, 2110); got.seq != base.seq+7 || got.time != base.time+6*960+2000*48 {
		t.Errorf("back at once: %+v after %+v", got, base)
	}
}

func FuzzPayload(f *testing.F) {
	f.Add([]byte{0x80, 111, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9})
	f.Add([]byte{0xb1, 111, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 9, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if p := payload(b); len(p) > len(b)-rtpHeader && p != nil {
			t.Fatal("longer than the packet")
		}
	})
}

func FuzzOffer(f *testing.F) {
	e, err := New(loopback, ignore, slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { e.Close() })
	f.Add("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 00:11\r\na=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 usedtx=1\r\n")
	f.Fuzz(func(t *testing.T, sdp string) {
		_, p, err := e.Offer("d", sdp, func([]byte) {})
		if err == nil {
			p.Close()
		}
	})
}

// BenchmarkForward: one microphone's packet to a frame, through a port, to the other browser's track.
func BenchmarkForward(b *testing.B) {
	e := open(b, loopback, ignore)
	p := newCaller(b).connect(b, e, "d1", func([]byte) {})
	var port voice.Port
	port.Open(1, voice.Opus)
	packet := append([]byte{0x80, 111, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}, numbered(0, 80)...)
	b.ReportAllocs()
	for b.Loop() {
		f := payload(packet)
		call, seq, _ := port.Out(0, len(f))
		if err := p.WriteAt(uint32(call), 0, seq, f); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAPanicInSoundEndsOneBrowser: what goes wrong with a browser's packets ends its connection, and no other.
func TestAPanicInSoundEndsOneBrowser(t *testing.T) {
	// SPEC: NOD-044
	e := open(t, loopback, ignore)
	bad, good, heard := newCaller(t), newCaller(t), make(chan byte, 64)
	broken := bad.connect(t, e, "d1", func([]byte) { panic("a frame") })
	good.connect(t, e, "d2", func(f []byte) { heard <- f[0] })
	bad.send(t, numbered(1, 80))
	eventually(t, time.Second, "its connection is over", func() bool { return broken.Sound().Media == Closed })
	good.send(t, numbered(2, 80))
	select {
	case <-heard:
	case <-time.After(time.Minute):
		t.Fatal("the other desk is not heard")
	}
}
