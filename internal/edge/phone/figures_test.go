// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"example.org/parley/internal/act"
	"example.org/parley/internal/link/linktest"
	"example.org/parley/internal/story"
	"example.org/parley/internal/voice"
)

// BenchmarkFromTelephone is one packet of a telephone's, from its socket to the line, beside the same packet between two bare
// sockets; BenchmarkToTelephone is one frame of the line's, to the telephone's socket.
func BenchmarkFromTelephone(b *testing.B) {
	m, far := soundOf(b)
	defer m.close()
	got := make(chan struct{}, 1)
	m.onFrame = func([]byte) { got <- struct{}{} }
	go m.read()
	p, n := rtp(0, 0, 0, 5, make([]byte, voice.FrameBytes)), uint16(0)
	from := func() {
		n++
		p[2], p[3] = byte(n>>8), byte(n)
		_, _ = far.WriteToUDPAddrPort(p, m.addr())
		<-got
	}
	beside(b, false, from)
}

func BenchmarkToTelephone(b *testing.B) {
	m, far := soundOf(b)
	defer m.close()
	frame, n, buf := make([]byte, voice.FrameBytes), uint32(0), make([]byte, 1500)
	beside(b, true, func() {
		n++
		_ = m.WriteAt(1, 0, n, frame)
		_, _, _ = far.ReadFromUDPAddrPort(buf)
	})
}

// soundOf is the sound of a leg and the socket of its telephone.
func soundOf(tb testing.TB) (*media, *net.UDPConn) {
	tb.Helper()
	cfg := Config{Trunk: netip.MustParseAddrPort("127.0.0.2:5060"), Bind: netip.MustParseAddrPort("127.0.0.1:5060"), Media: 47000}
	m, err := openMedia(&cfg, slog.New(slog.DiscardHandler), func([]byte) {}, func(byte) {})
	if err != nil {
		tb.Fatal(err)
	}
	far, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.2:0")))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { far.Close() })
	m.to.Store(&session{to: far.LocalAddr().(*net.UDPAddr).AddrPort(), dir: "sendrecv"})
	return m, far
}

// beside measures f and, in turns with it, the same packet between two bare sockets, where its reader waits in the same way:
// direct, in f itself, or in a goroutine that tells it.
func beside(b *testing.B, direct bool, f func()) {
	var ends [2]*net.UDPConn
	for i := range ends {
		var err error
		if ends[i], err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0"))); err != nil {
			b.Fatal(err)
		}
		defer ends[i].Close()
	}
	got, to, packet := make(chan struct{}, 1), ends[1].LocalAddr().(*net.UDPAddr).AddrPort(), make([]byte, rtpHeader+voice.FrameBytes)
	buf := make([]byte, 1500)
	if !direct {
		go func() {
			for {
				if _, _, err := ends[1].ReadFromUDPAddrPort(buf); err != nil {
					return
				}
				got <- struct{}{}
			}
		}()
	}
	bare, ours := time.Duration(0), time.Duration(0)
	b.ReportAllocs()
	for b.Loop() {
		at := time.Now()
		_, _ = ends[0].WriteToUDPAddrPort(packet, to)
		if direct {
			_, _, _ = ends[1].ReadFromUDPAddrPort(buf)
		} else {
			<-got
		}
		mid := time.Now()
		f()
		bare, ours = bare+mid.Sub(at), ours+time.Since(mid)
	}
	b.ReportMetric(float64(ours)/float64(bare), "×bareUDP")
}

// TestNoAllocation: a frame costs no allocation in our code, either way.
func TestNoAllocation(t *testing.T) {
	// SPEC: PHN-030
	m, far := soundOf(t)
	defer m.close()
	frames := 0
	m.onFrame = func([]byte) { frames++ }
	at, seq, p, frame := far.LocalAddr().(*net.UDPAddr).AddrPort(), uint16(0), rtp(0, 0, 0, 5, make([]byte, voice.FrameBytes)), make([]byte, voice.FrameBytes)
	if n := testing.AllocsPerRun(1000, func() {
		seq++
		p[2], p[3] = byte(seq>>8), byte(seq)
		m.take(p, at, time.Now())
	}); n > 0 || frames < 1000 {
		t.Errorf("a frame from a telephone: %v allocations, %d of 1000 frames", n, frames)
	}
	n := uint32(0)
	if a := testing.AllocsPerRun(1000, func() {
		n++
		_ = m.WriteAt(1, 0, n, frame)
	}); a > 0 {
		t.Errorf("a frame to a telephone: %v allocations", a)
	}
}

// apart runs a test again in a network without a way out and reports true in the one that waits for it.
func apart(t *testing.T) bool {
	t.Helper()
	if os.Getenv("PARLEY_APART") != "" {
		return false
	}
	args := []string{"-n"}
	if os.Getuid() != 0 {
		args = []string{"-rn"}
	}
	if out, err := exec.Command("unshare", append(args, "ip", "link", "set", "lo", "up")...).CombinedOutput(); err != nil {
		if slices.Contains(strings.Fields(os.Getenv("PARLEY_REQUIRE")), "network") {
			t.Fatalf("no network of its own: %v: %s", err, out)
		}
		t.Skipf("no network of its own: %v: %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), "unshare", append(args, "sh", "-c", `ip link set lo up && exec "$0" "$@"`, os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v", "-test.timeout", "5m")...)
	cmd.Env = append(os.Environ(), "PARLEY_APART=1")
	out, err := cmd.CombinedOutput()
	for l := range strings.Lines(string(out)) {
		if _, figure, ok := strings.Cut(l, "figure: "); ok {
			t.Log("figure: " + strings.TrimSpace(figure))
		}
	}
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%v\n%s", err, out)
	}
	return true
}

// TestFloodInACall: in a network without a way out, a call goes on while garbage, connections and calls that nobody
// acknowledges come; what they cost is given back.
func TestFloodInACall(t *testing.T) {
	// SPEC: PHN-001 PHN-004 PHN-030
	if !apart(t) {
		floodInACall(t, 6000, 300, 2000, false)
	}
}

// TestSoakFloodInACall is the whole of it, and a minute later the heap is what it was.
func TestSoakFloodInACall(t *testing.T) {
	if os.Getenv("PARLEY_SOAK") == "" {
		t.Skip("two minutes of floods: make soak")
	}
	if !apart(t) {
		floodInACall(t, 60000, 3000, 20000, true)
	}
}

// talk speaks both ways at a leg of the PBX, a frame each 20 ms, until it is ended; then it says how many frames went either way
// and how many came.
func (h *house) talk(m *media, ears *net.UDPConn) (end func() (sent, heardByLine, heardByPhone int)) {
	quit, heard, sent := make(chan struct{}), atomic.Int32{}, 0
	var wait sync.WaitGroup
	tone := voice.Tone{Hz: 440, LevelDB: -12}
	h.line.mu.Lock()
	ear, before := h.line.ears["extension 201"], h.line.frames
	h.line.mu.Unlock()
	wait.Go(func() {
		tick := time.NewTicker(voice.FrameTime)
		defer tick.Stop()
		var f [voice.FrameBytes]byte
		for n := uint32(1); ; n++ {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			tone.Frame(n, &f)
			_, _ = ears.WriteToUDPAddrPort(rtp(0, uint16(n), n*160, 5, f[:]), m.addr())
			_ = ear.WriteAt(1, 0, n, f[:])
			sent = int(n)
		}
	})
	go func() {
		buf := make([]byte, 1500)
		for {
			n, _, err := ears.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			if p, ok := readRTP(buf[:n]); ok && !bytes.Equal(p.payload, silence[:]) {
				heard.Add(1)
			}
		}
	}()
	return func() (int, int, int) {
		close(quit)
		wait.Wait()
		frames := func() int { h.line.mu.Lock(); defer h.line.mu.Unlock(); return int(h.line.frames - before) }
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end) && (frames() < sent || int(heard.Load()) < sent); {
			time.Sleep(10 * time.Millisecond)
		}
		return sent, frames(), int(heard.Load())
	}
}

func floodInACall(t *testing.T, packets, streams, invites int, whole bool) {
	h, tcp := trunkOf(t, false, map[string]int{"201": 200}), trunkOf(t, true, nil)
	var ends [2]*net.UDPConn // the telephone's ear, and a stranger
	for i, at := range []string{"127.0.0.2:20000", "127.0.0.3:0"} {
		var err error
		if ends[i], err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(at))); err != nil {
			t.Fatal(err)
		}
		defer ends[i].Close()
	}
	h.rings(1)
	h.wait("answered", func() bool { return h.line.did("extension 201 answer {") })
	var m *media
	h.loop(func() { m = h.edge.phones[0].media })
	heap := func() float64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&s)
		return float64(s.HeapAlloc)
	}
	h.mu.Lock()
	h.quiet = true
	h.mu.Unlock()
	end, before := h.talk(m, ends[0]), heap()
	slowest := time.Duration(0)
	options := func(n int) { // of the trunk, in the flood
		id, asked := fmt.Sprint("asks", n), time.Now()
		tries := time.Duration(0)
		h.wait("OPTIONS is answered in the flood", func() bool {
			if time.Since(asked) >= tries*500*time.Millisecond { // over UDP it is repeated
				tries++
				h.write(strings.ReplaceAll(request("OPTIONS", id, 1, "", "", ""), "192.0.2.20:5060", h.at.String()))
			}
			h.mu.Lock()
			defer h.mu.Unlock()
			ok := h.oks["200 OPTIONS"]
			return ok != nil && ok.CallID().Value() == id
		})
		slowest = max(slowest, time.Since(asked))
	}
	for n := range packets {
		garbage := bytes.Repeat([]byte{byte('a' + n%26)}, n%1400+5)
		switch n % 3 {
		case 0:
			_, _ = ends[1].WriteToUDPAddrPort(garbage, h.edge.cfg.Bind)
		case 1:
			h.write(string(garbage))
		default:
			_, _ = ends[1].WriteToUDPAddrPort(garbage, m.addr())
		}
		if n%60 == 59 { // as fast as they are taken at the port of the sound, where frames come too
			h.wait("garbage is taken", func() bool { return m.refused.Load()+20 >= uint64(n/3) })
		}
		if n%(packets/10) == 0 {
			options(n)
		}
	}
	for n := range streams {
		c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 3)}}).Dial("tcp", tcp.edge.cfg.Bind.String())
		if err != nil {
			t.Fatalf("connection %d: %v", n, err)
		}
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, _ = c.Read(make([]byte, 1))
		c.Close()
	}
	for n := range invites {
		h.write(strings.NewReplacer("192.0.2.20:5060", h.at.String(), "192.0.2.20", "127.0.0.2").Replace(request("INVITE", fmt.Sprint("flood", n), 1, "", "", theirSDP)))
		if n%20 == 19 {
			time.Sleep(time.Millisecond)
		}
		if n%(invites/10) == 0 {
			options(1_000_000 + n)
		}
	}
	if whole {
		time.Sleep(time.Minute)
	} else {
		h.loop(func() { h.edge.a.tick(time.Now().Add(40 * time.Second)) })
	}
	h.wait("a call of a second at least", func() bool { h.line.mu.Lock(); defer h.line.mu.Unlock(); return h.line.frames > 60 })
	sent, line, phone := end()
	after := heap()
	t.Logf("figure: flood: %d frames lost of %d, heap %+.1f %%, OPTIONS in %d ms at most", 2*sent-line-phone, 2*sent, 100*(after-before)/before, slowest.Milliseconds())
	if line != sent || phone != sent || sent < 50 {
		t.Errorf("of %d frames either way %d came from the telephone and %d to it", sent, line, phone)
	}
	if after > before*1.1+(256<<10) {
		t.Errorf("the heap was %.0f and is %.0f", before, after)
	}
	h.loop(func() {
		if l := h.edge.phones[0].leg; l == nil || l.state != up {
			t.Error("the call did not outlive the flood")
		}
	})
}

// Binary builds the program into a directory.
func Binary(t *testing.T, dir string) string {
	t.Helper()
	bin := filepath.Join(dir, "parley")
	if out, err := exec.Command("go", "build", "-o", bin, "example.org/parley/cmd/parley").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// TestDelays: over two real nodes whose cables take 50 ms, a telephone calls the other party's, which rings, is lifted and
// speaks.
func TestDelays(t *testing.T) {
	// SPEC: PHN-051 PHN-052 PHN-053
	if testing.Short() {
		t.Skip("two nodes take some seconds")
	}
	dir, err := os.MkdirTemp("", "parley-phone-") // short: sockets stand in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w := &story.World{Dir: filepath.Join(dir, "w"), Bin: Binary(t, dir)}
	var pbxs [2]*pbx
	var ears [2]*net.UDPConn
	for i, number := range []string{"201", "301"} {
		own := func(n byte) netip.Addr { return netip.AddrFrom4([4]byte{127, 50 + byte(os.Getpid()%100), byte(i), n}) }
		w.Phones[i] = &story.Handset{Number: number, Ours: own(1), Theirs: own(2)}
		pbxs[i] = &pbx{t: t, at: netip.AddrPortFrom(own(2), 5060)}
		pbxs[i].serve(false, netip.AddrPortFrom(own(1), 5060), nil)
		if ears[i], err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(own(2), 20000))); err != nil {
			t.Fatal(err)
		}
		defer ears[i].Close()
	}
	rang := make(chan *sip.Request, 1)
	pbxs[1].mu.Lock()
	serve := pbxs[1].on
	pbxs[1].on = func(m *sip.Request) {
		if serve(m); m.Method == sip.INVITE {
			select {
			case rang <- m:
			default:
			}
		}
	}
	pbxs[1].mu.Unlock()
	if err := w.Make(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	if err := w.Play(t.Context(), func(story.Scene) {}, story.Seat); err != nil {
		t.Fatal(err)
	}
	const oneWay = 50 * time.Millisecond
	for i := range w.Sites {
		w.Disarm(i)
		w.Cables[i].Delay(linktest.Both, oneWay)
	}
	waits := func(side int, word string) {
		t.Helper()
		for end := time.Now().Add(45 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			r, err := w.Act(w.Sites[side], act.Status)
			if err == nil && strings.Contains(r.Text, word) {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("not in 45 s: %q: %s %v", word, r.Text, err)
			}
		}
	}
	var rings, sounds []time.Duration
	for round := range 5 {
		waits(0, "armed (1)  armed (1)")
		waits(1, "armed (1)  armed (1)")
		waits(0, "READY")
		waits(1, "READY")
		id := fmt.Sprint("round", round)
		as := func(method string, cseq int, tag, body string) {
			pbxs[0].write(strings.NewReplacer("192.0.2.20", pbxs[0].at.Addr().String(), "192.0.2.10", w.Phones[0].Ours.String()).Replace(request(method, id, cseq, tag, "", body)))
		}
		pressed := time.Now()
		as("INVITE", 1, "", theirSDP)
		var inv *sip.Request
		select {
		case inv = <-rang:
		case <-time.After(20 * time.Second):
			t.Fatal("the far telephone never rang")
		}
		rings = append(rings, time.Since(pressed))
		offer, err := parseSDP(inv.Body(), inClear)
		if err != nil {
			t.Fatal(err)
		}
		pbxs[1].write(respond(inv, 180, "ph"+id, "", ""))
		waits(0, "RINGING THERE")
		lifted := time.Now()
		pbxs[1].write(respond(inv, 200, "ph"+id, "", pbxs[1].sdp()))
		quit := make(chan struct{})
		go func() {
			tone, f, tick := voice.Tone{Hz: 440, LevelDB: -12}, [voice.FrameBytes]byte{}, time.NewTicker(voice.FrameTime)
			defer tick.Stop()
			for n := uint32(1); ; n++ {
				tone.Frame(n, &f)
				_, _ = ears[1].WriteToUDPAddrPort(rtp(0, uint16(n), n*160, 5, f[:]), offer.to)
				select {
				case <-quit:
					return
				case <-tick.C:
				}
			}
		}()
		buf := make([]byte, 1500)
		_ = ears[0].SetReadDeadline(time.Now().Add(20 * time.Second))
		for {
			n, err := ears[0].Read(buf)
			if err != nil {
				t.Fatalf("no sound: %v", err)
			}
			if p, ok := readRTP(buf[:n]); ok && strings.Trim(string(p.payload), "\xff\x7f") != "" {
				break
			}
		}
		sounds = append(sounds, time.Since(lifted))
		close(quit)
		pbxs[0].mu.Lock()
		tag, _ := pbxs[0].oks["200 INVITE"].To().Params.Get("tag")
		pbxs[0].mu.Unlock()
		as("ACK", 1, tag, "")
		as("BYE", 2, tag, "")
		waits(1, "READY")
		for drained := false; !drained; { // what still comes of this call
			_ = ears[0].SetReadDeadline(time.Now().Add(300 * time.Millisecond))
			_, err := ears[0].Read(buf)
			drained = err != nil
		}
		select {
		case <-rang: // its copy
		default:
		}
	}
	slices.Sort(rings)
	slices.Sort(sounds)
	t.Logf("figure: press to far ringing, above one way: %.1f ms", float64((rings[2]-oneWay).Microseconds())/1000)
	t.Logf("figure: lift to first sound there, above one way: %.1f ms", float64((sounds[2]-oneWay).Microseconds())/1000)
}
