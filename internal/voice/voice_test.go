// SPDX-License-Identifier: Apache-2.0

package voice

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// play feeds frames of 80 bytes: numbers with their arrival in ms after the start.
func play(p *Port, arrivals ...[2]int) (heard []int) {
	for _, a := range arrivals {
		if p.In(7, 0, uint32(a[0]), make([]byte, 80), start.Add(time.Duration(a[1])*time.Millisecond)) {
			heard = append(heard, a[0])
		}
	}
	return heard
}

func opened() *Port {
	p := &Port{}
	p.Open(7, Opus)
	return p
}

func after(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

// SPEC: VOX-001
func TestGate(t *testing.T) {
	var p Port
	if _, _, ok := p.Out(0, 80); ok || p.In(0, 0, 0, make([]byte, 80), start) {
		t.Fatal("a port that was never opened lets sound through")
	}
	p.Open(7, Opus)
	for want := range uint32(3) {
		if call, seq, ok := p.Out(0, 80); !ok || call != 7 || seq != want {
			t.Fatalf("frame %d: call %d number %d ok %v", want, call, seq, ok)
		}
	}
	if p.In(8, 0, 0, make([]byte, 80), start) {
		t.Fatal("heard another call")
	}
	p.Allow(7, false, true)
	if _, _, ok := p.Out(0, 80); ok {
		t.Fatal("a listener sends")
	}
	if !p.In(7, 0, 0, make([]byte, 80), start) {
		t.Fatal("a listener hears nothing")
	}
	if m := p.Close(start); m.Sent != 3 || m.Received != 1 || p.In(7, 0, 1, make([]byte, 80), start) {
		t.Fatalf("closed: %+v", m)
	}
}

// SPEC: VOX-002
func TestTwoPathsAreHeardOnce(t *testing.T) {
	p := opened()
	var arrivals [][2]int
	for n := range 500 { // path 2 is 30 ms slower; path 1 is cut from frame 200 to 300
		if n < 200 || n >= 300 {
			arrivals = append(arrivals, [2]int{n, 20 * n})
		}
		if n >= 1 && n-1 != 480 { // and one frame that only path 1 brought
			arrivals = append(arrivals, [2]int{n - 1, 20*n + 10})
		}
	}
	heard := play(p, arrivals...)
	seen := map[int]bool{}
	for _, n := range heard {
		if seen[n] {
			t.Fatalf("frame %d played twice", n)
		}
		seen[n] = true
	}
	m := p.Meters(after(20 * 500))
	if m.Received != 500 || m.Lost != 0 || m.LongestGapMS != 0 || m.Late != 0 || len(heard) != 500 {
		t.Fatalf("%d heard, %+v", len(heard), m)
	}
	if m.Duplicates != uint64(len(arrivals)-500) || m.Bytes != 500*80 {
		t.Fatalf("%+v", m)
	}
}

// Each source has its own numbers, both ways: what one lacks is no gap of another, and the longest gap is source 0's.
//
// SPEC: VOX-008
func TestSourcesAreToldApart(t *testing.T) {
	p := opened()
	for n := range uint32(200) {
		for source := range byte(Sources) {
			if source == 1 && n%10 == 5 || source == 2 && n >= 50 {
				continue // one loses frames, one falls silent
			}
			if !p.In(7, source, n+1000*uint32(source), make([]byte, 80+int(source)), after(20*int(n))) {
				t.Fatalf("frame %d of source %d is not played", n, source)
			}
		}
	}
	if p.In(7, Sources, 0, make([]byte, 80), after(3980)) || p.In(7, 255, 0, make([]byte, 80), after(3980)) {
		t.Error("a source that no call has is heard")
	}
	for source, want := range map[byte]uint32{0: 0, 3: 0} {
		for n := range uint32(2) {
			if _, seq, ok := p.Out(source, 80); !ok || seq != want+n {
				t.Errorf("source %d sends frame %d as %d", source, n, seq)
			}
		}
	}
	if _, _, ok := p.Out(Sources, 80); ok {
		t.Error("a fifth source sends")
	}
	m := p.Meters(after(3980))
	if m.Received != 200+180+50+200 || m.Lost != 19 || /* the newest may still come */ m.LongestGapMS != 0 || m.NotConstant != 0 || m.Strange != 2 || m.Sent != 4 {
		t.Errorf("%+v", m)
	}
}

// SPEC: VOX-003
func TestNewestThreeOfABurst(t *testing.T) {
	p := opened()
	var arrivals [][2]int
	for n := range 100 {
		at := 20 * n
		if n >= 50 && n < 65 {
			at = 20 * 64 // 300 ms stall, then all at once
		}
		arrivals = append(arrivals, [2]int{n, at})
	}
	heard := play(p, arrivals...)
	if len(heard) != 100-11 || heard[50] != 61 {
		t.Fatalf("%d heard, after the stall %v", len(heard), heard[48:56])
	}
	if m := p.Meters(after(2000)); m.Late != 11 || m.Lost != 0 || m.LongestGapMS != 220 {
		t.Fatalf("%+v", m)
	}
}

// SPEC: VOX-004
func TestScheduleFollowsASlowerPath(t *testing.T) {
	p := opened()
	var arrivals [][2]int
	for n := range 400 {
		delay := 10
		if n >= 100 {
			delay = 310
		}
		arrivals = append(arrivals, [2]int{n, 20*n + delay})
	}
	heard := play(p, arrivals...)
	if len(heard) < 397 {
		t.Fatalf("%d heard of 400", len(heard))
	}
	if m := p.Meters(after(20*399 + 310)); m.Lost != 0 || m.LongestGapMS < 240 || m.LongestGapMS > 320 {
		t.Fatalf("%+v", m)
	}
}

// A sender that pauses, then goes on in pairs: every second frame is 20 ms later than the other.
//
// SPEC: VOX-004
func TestScheduleFollowsAPauseAndPairs(t *testing.T) {
	p := opened()
	var arrivals [][2]int
	for n := range 500 {
		at := 20 * n
		if n >= 100 {
			at = 20*(n/2*2+1) + 500
		}
		arrivals = append(arrivals, [2]int{n, at})
	}
	if heard := play(p, arrivals...); len(heard) < 495 {
		t.Fatalf("%d heard of 500", len(heard))
	}
	if m := p.Meters(after(20*500 + 500)); m.Lost != 0 || m.LongestGapMS > 600 || m.LongestGapMS < 400 {
		t.Fatalf("%+v", m)
	}
}

// SPEC: VOX-004
func TestScheduleFollowsAClockThatDrifts(t *testing.T) {
	p := opened()
	rng := rand.New(rand.NewPCG(1, 2))
	heard := 0
	const frames = 60 * 50 * 30 // half an hour, 200 parts in a million slow, 0–25 ms of jitter
	for n := range frames {
		at := float64(n)*20*1.0002 + 25*rng.Float64()
		if p.In(7, 0, uint32(n), make([]byte, 80), start.Add(time.Duration(at*1e6))) {
			heard++
		}
	}
	if heard != frames {
		t.Fatalf("%d of %d heard", heard, frames)
	}
}

// SPEC: VOX-005
func TestLossAndGap(t *testing.T) {
	p := opened()
	var arrivals [][2]int
	for n := range 300 {
		if n == 20 || n >= 100 && n < 107 {
			continue
		}
		arrivals = append(arrivals, [2]int{n, 20 * n})
	}
	play(p, arrivals...)
	if m := p.Meters(after(20 * 300)); m.Lost != 8 || m.LongestGapMS != 140 {
		t.Fatalf("%+v", m)
	}
	if m := p.Meters(after(20*300 + 1000)); m.LongestGapMS < 900 || m.Lost != 8 {
		t.Fatalf("a lane that fell silent a second ago: %+v", m)
	}
	if p.Close(after(20 * 300)); p.Meters(after(90000)).LongestGapMS != 140 {
		t.Fatal("the meters of a closed call moved")
	}
}

// SPEC: VOX-005
func TestHoldIsNoGap(t *testing.T) {
	p := opened()
	play(p, [2]int{0, 0}, [2]int{1, 20}, [2]int{2, 40})
	p.Allow(7, false, false)
	if m := p.Meters(after(5000)); m.LongestGapMS != 0 {
		t.Fatalf("on hold: %+v", m)
	}
	p.Allow(7, true, true)
	if heard := play(p, [2]int{3, 9000}, [2]int{4, 9020}); len(heard) != 2 {
		t.Fatalf("after hold: %v", heard)
	}
	if m := p.Meters(after(9040)); m.LongestGapMS != 0 || m.Lost != 0 {
		t.Fatalf("after hold: %+v", m)
	}
}

// SPEC: VOX-006
func TestHostileNumbersAndSizes(t *testing.T) {
	p := opened()
	play(p, [2]int{5, 0}, [2]int{6, 20}, [2]int{1 << 30, 40}, [2]int{-1, 40}, [2]int{7, 40})
	p.In(7, 0, 8, nil, after(60))
	p.In(7, 0, 8, make([]byte, MaxFrame+1), after(60))
	p.In(7, 0, 8, make([]byte, 60), after(60))
	m := p.Meters(after(80))
	if m.Received != 4 || m.Lost != 0 || m.Strange != 3 || m.Late != 1 || m.NotConstant != 1 {
		t.Fatalf("%+v", m)
	}
}

// SPEC: VOX-010 VOX-011
func TestToneIsFoundAtItsFrequencyAndLevel(t *testing.T) {
	for _, tone := range []Tone{{440, -12}, {1000, -12}, {437.3, -20}, {3400, -6}, {150, -30}} {
		var e Ear
		var f [FrameBytes]byte
		for n := range uint32(60) {
			tone.Frame(n, &f)
			e.Hear(n, f[:])
		}
		hz, db, ok := e.Tone()
		if !ok || math.Abs(hz-tone.Hz) > 0.2 || math.Abs(db-tone.LevelDB) > 0.2 || math.Abs(e.Level()-tone.LevelDB) > 0.2 {
			t.Errorf("%v: heard %.2f Hz at %.2f dB (level %.2f) ok %v", tone, hz, db, e.Level(), ok)
		}
	}
	var silent Ear
	for n := range uint32(60) {
		silent.Hear(n, make16(0xff))
	}
	if hz, db, ok := silent.Tone(); ok {
		t.Errorf("silence is a tone of %v Hz at %v", hz, db)
	}
}

func make16(v byte) []byte {
	b := make([]byte, FrameBytes)
	for i := range b {
		b[i] = v
	}
	return b
}

// TestBothLaws: a tone that crosses into A-law and back keeps its level, and a code its place.
func TestBothLaws(t *testing.T) {
	// SPEC: VOX-013
	same := 0
	for i := range 256 {
		b := []byte{byte(i)}
		FromALaw(b)
		if ToALaw(b); b[0] == byte(i) {
			same++
		} else if d := int(b[0]^0x55) - int(byte(i)^0x55); d != 1 && d != -1 {
			t.Errorf("A-law %#x comes back as %#x", i, b[0])
		}
	}
	if same != 240 {
		t.Errorf("%d codes of A-law come back", same)
	}
	quiet := []byte{0xff}
	if ToALaw(quiet); quiet[0] != 0xd5 {
		t.Errorf("silence is %#x", quiet[0])
	}
	// Values of G.711: full scale, the middle of a segment, and the least of both signs.
	for code, want := range map[byte]int{0xaa: 32256, 0x2a: -32256, 0xd5: 8, 0x55: -8} {
		if got := alaw(code); got != want {
			t.Errorf("A-law %#x is %d, not %d", code, got, want)
		}
	}
	for _, db := range []float64{-3, -12, -30, -40} {
		var sound []byte
		var f [FrameBytes]byte
		for n := range uint32(50) {
			(Tone{Hz: 1000, LevelDB: db}).Frame(n, &f)
			sound = append(sound, f[:]...)
		}
		before := Goertzel(sound, 1000)
		ToALaw(sound)
		if math.Abs(Goertzel(sound, 1000)-before) < 1 {
			t.Errorf("%.0f dB: A-law sounds as µ-law", db)
		}
		FromALaw(sound)
		if after := Goertzel(sound, 1000); math.Abs(after-before) > 0.1 {
			t.Errorf("%.0f dB: %.2f dB became %.2f", db, before, after)
		}
	}
}

func TestULawRoundTrip(t *testing.T) {
	for u := range 256 {
		if got := encode(float64(linear[u])); got != byte(u) && linear[u] != 0 {
			t.Errorf("%02x → %d → %02x", u, linear[u], got)
		}
	}
	if encode(1e9) != encode(32635) || encode(-1e9) != encode(-32635) {
		t.Error("not clipped")
	}
}

// SPEC: VOX-012
func TestLoopMeasuresItsPath(t *testing.T) {
	loops := [3]Loop{}
	for path := range loops {
		l := &loops[path]
		l.Tone, l.Frames = Tone{1000, -12}, 100
		var f [FrameBytes]byte
		for n := range 100 {
			seq, ok := l.Next(after(20*n), &f)
			if !ok {
				t.Fatal("ended early")
			}
			switch { // path 0: 40 ms there and back, path 1: 90 ms and every tenth frame lost, path 2: nothing comes back
			case path == 0:
				l.Back(seq, f[:], after(20*n+40))
			case path == 1 && n%10 != 0:
				l.Back(seq, f[:], after(20*n+90))
				l.Back(seq, f[:], after(20*n+400)) // a copy
			}
		}
		if _, ok := l.Next(after(9000), &f); ok {
			t.Fatal("more than a hundred")
		}
		l.Back(100, f[:], start) // never sent
		l.Back(1<<31, nil, start)
	}
	same := func(hz, db float64) bool { return math.Abs(hz-1000) <= 1 && math.Abs(db+12) <= 1 }
	if sent, back, trip, hz, db := loops[0].Result(); sent != 100 || back != 100 || trip != 40*time.Millisecond || !same(hz, db) {
		t.Error("path 0:", sent, back, trip, hz, db)
	}
	if sent, back, trip, _, _ := loops[1].Result(); sent != 100 || back != 90 || trip != 90*time.Millisecond {
		t.Error("path 1:", sent, back, trip)
	}
	if sent, back, _, hz, db := loops[2].Result(); sent != 100 || back != 0 || same(hz, db) {
		t.Error("path 2:", sent, back, hz, db)
	}
	long := Loop{Frames: LoopFrames + 1}
	var f [FrameBytes]byte
	for n := range LoopFrames {
		if _, ok := long.Next(after(20*n), &f); !ok {
			t.Fatal("ended early")
		}
	}
	if _, ok := long.Next(start, &f); ok {
		t.Error("a frame that no far node returns")
	}
}

func FuzzPortIn(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 9, 3, 3, 255, 255})
	f.Add([]byte{5, 2, 3}) // numbers that wrap
	f.Fuzz(func(t *testing.T, data []byte) {
		p := opened()
		seq, at := uint32(0), start
		for _, b := range data {
			switch b % 4 {
			case 0:
				seq += uint32(b) << (b % 24)
			case 1:
				seq -= uint32(b)
			case 2:
				at = at.Add(time.Duration(b) * time.Millisecond)
			default:
				seq++
			}
			p.In(7, b>>2%(Sources+2), seq, data[:min(len(data), int(b))], at)
		}
		m := p.Meters(at)
		if m.Received > uint64(len(data)) || m.Lost > 1<<32 {
			t.Fatalf("%+v", m)
		}
	})
}

// SPEC: VOX-007
func TestNoAllocations(t *testing.T) {
	p := opened()
	p.Open(7, ULaw)
	frame, n, at := make([]byte, FrameBytes), uint32(0), start
	if a := testing.AllocsPerRun(1000, func() {
		p.Out(0, len(frame))
		p.In(7, 0, n, frame, at)
		p.In(7, 0, n, frame, at)
		n, at = n+1, at.Add(FrameTime)
		p.Meters(at)
	}); a != 0 {
		t.Fatalf("%v allocations a frame", a)
	}
}

func BenchmarkPortIn(b *testing.B) {
	p := opened()
	frame, n, at := make([]byte, 80), uint32(0), start
	b.ReportAllocs()
	for b.Loop() { // each frame over two paths
		p.In(7, 0, n, frame, at)
		p.In(7, 0, n, frame, at)
		n, at = n+1, at.Add(FrameTime)
	}
}

func BenchmarkPortOut(b *testing.B) {
	p := opened()
	b.ReportAllocs()
	for b.Loop() {
		p.Out(0, 80)
	}
}

func BenchmarkToneFrame(b *testing.B) {
	var f [FrameBytes]byte
	b.ReportAllocs()
	n := uint32(0)
	for b.Loop() {
		Tone{440, -12}.Frame(n, &f)
		n++
	}
}

func BenchmarkFind(b *testing.B) {
	var e Ear
	var f [FrameBytes]byte
	for n := range uint32(50) {
		Tone{440, -12}.Frame(n, &f)
		e.Hear(n, f[:])
	}
	b.ReportAllocs()
	for b.Loop() {
		e.Tone()
	}
}

// TestFrameOnItsWayToAHold: what was under way when a call was held is not heard, and is no loss.
func TestFrameOnItsWayToAHold(t *testing.T) {
	// SPEC: VOX-005 VOX-008
	var p Port
	p.Open(7, Opus)
	for n := range uint32(40) {
		at := after(20 * int(n))
		if n == 20 {
			p.Allow(7, false, false)
		}
		if n == 23 {
			p.Allow(7, true, true)
		}
		if heard := p.In(7, 0, n, make([]byte, 80), at); heard == (n >= 20 && n < 23) {
			t.Errorf("frame %d is heard: %v", n, heard)
		}
	}
	if m := p.Meters(after(20 * 40)); m.Lost != 0 || m.Received != 40 || m.LongestGapMS != 0 {
		t.Errorf("%+v", m)
	}
}

// TestTheSizeTellsTheCodec: a frame of another codec than the call's is not heard, whatever the call was before.
func TestTheSizeTellsTheCodec(t *testing.T) {
	// SPEC: CAL-035
	sizes := map[string]int{Opus: 80, ULaw: FrameBytes, G722: WideBytes}
	for _, first := range []string{Opus, G722} {
		for _, codec := range []string{first, ULaw} {
			var p Port
			p.Open(1, first)
			p.Use(codec)
			n := uint32(0)
			for of, size := range sizes {
				n++
				if got := p.In(1, 0, n, make([]byte, size), time.Now()); got != (of == codec) {
					t.Errorf("of a call in %s, then %s: a frame of %s is heard: %v", first, codec, of, got)
				}
			}
		}
	}
}
