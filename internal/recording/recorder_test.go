// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"example.org/parley/call"
	"example.org/parley/internal/voice"
)

const id = "00112233445566778899aabbccddeeff"

// clock is the time of a test: nothing of it waits for the machine.
type clock struct{ ns atomic.Int64 }

var began = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func (c *clock) now() time.Time          { return began.Add(time.Duration(c.ns.Load())) }
func (c *clock) at(frames int) time.Time { return began.Add(time.Duration(frames) * voice.FrameTime) }

// taped begins a recording in a directory of its own.
func taped(t *testing.T, codec string, change func(*Options)) (*Recorder, *clock, string) {
	t.Helper()
	c := &clock{}
	o := Options{Dir: filepath.Join(t.TempDir(), "recordings"), Us: "aurelia", Them: "borealia", Now: c.now}
	if change != nil {
		change(&o)
	}
	return Start(o, id, codec, began), c, filepath.Join(o.Dir, id)
}

// heard is what a speaker's file holds in each 20 ms: the first byte of the frame, 0 for silence.
func heard(t *testing.T, name string, b []byte) (out []byte) {
	t.Helper()
	if strings.HasSuffix(name, ".wav") {
		if len(b) < wavHeadBytes || string(b[:4]) != "RIFF" || string(b[8:16]) != "WAVEfmt " || string(b[50:54]) != "data" || binary.LittleEndian.Uint16(b[20:]) != 7 || binary.LittleEndian.Uint32(b[24:]) != voice.Rate {
			t.Fatalf("%s is no WAV of µ-law: %q", name, b[:min(len(b), 60)])
		}
		for b = b[wavHeadBytes:]; len(b) > 0; b = b[voice.FrameBytes:] {
			out = append(out, ^b[0])
		}
		return out
	}
	var samples uint64
	for n := uint32(0); len(b) > 0; n++ {
		if string(b[:5]) != "OggS\x00" || binary.LittleEndian.Uint32(b[18:]) != n {
			t.Fatalf("%s: page %d: %q", name, n, b[:27])
		}
		lacing := b[27 : 27+int(b[26])]
		all := 27 + len(lacing)
		for _, k := range lacing {
			all += int(k)
		}
		page := slices.Clone(b[:all])
		copy(page[22:], make([]byte, 4))
		if got := slowSum(page); got != binary.LittleEndian.Uint32(b[22:]) {
			t.Fatalf("%s: the sum of page %d is %08x", name, n, got)
		}
		if last := len(b) == all; last != (b[5]&oggEnds != 0) || (n == 0) != (b[5]&oggBegins != 0) {
			t.Fatalf("%s: page %d has flags %d", name, n, b[5])
		}
		at := 27 + len(lacing)
		for _, k := range lacing {
			p := b[at : at+int(k)]
			at += int(k)
			switch {
			case n == 0 && bytes.HasPrefix(p, []byte("OpusHead\x01\x01\x00\x00")) && len(p) == 19, n == 1 && bytes.HasPrefix(p, []byte("OpusTags")):
			case n < 2:
				t.Fatalf("%s: page %d holds %q", name, n, p)
			case bytes.Equal(p, quiet[:]):
				out = append(out, 0)
			default:
				out = append(out, p[0])
			}
		}
		if samples = binary.LittleEndian.Uint64(b[6:]); samples != uint64(len(out))*960 {
			t.Fatalf("%s: page %d stands at sample %d after %d frames", name, n, samples, len(out))
		}
		b = b[all:]
	}
	return out
}

// slowSum is the sum of a page of Ogg bit by bit, as RFC 3533 says it.
func slowSum(b []byte) (c uint32) {
	for _, v := range b {
		c ^= uint32(v) << 24
		for range 8 {
			if high := c>>31 == 1; high {
				c = c<<1 ^ 0x04c11db7
			} else {
				c <<= 1
			}
		}
	}
	return c
}

func say(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n) }

// Who was silent, whose frames were lost or came late and out of order, and who joined later has every frame in its place;
// a hold is silence; nothing is decoded.
//
// SPEC: RCD-002 RCD-003
func TestEverySpeakerHasHisPlaceInTime(t *testing.T) {
	for codec, size := range map[string]int{voice.Opus: 80, voice.ULaw: voice.FrameBytes} {
		r, c, dir := taped(t, codec, nil)
		for n := range 400 { // ours speaks all the time, but for a hold of 100
			if n < 200 || n >= 300 {
				seq := n
				if n >= 300 {
					seq -= 100
				}
				if n == 300 {
					r.Held()
				}
				r.Frame(0, 0, uint32(seq), say(byte(n%100+1), size), c.at(n))
			}
			switch {
			case n == 50 || n == 60 || n >= 200 && n < 300: // lost, held
			case n == 70: // comes after 71
			case n == 71:
				r.Frame(1, 0, uint32(71), say(72, size), c.at(n))
				r.Frame(1, 0, uint32(70), say(71, size), c.at(n))
			case n < 200:
				r.Frame(1, 0, uint32(n), say(byte(n%100+1), size), c.at(n))
			default:
				r.Frame(1, 0, uint32(n-100), say(byte(n%100+1), size), c.at(n))
			}
			if n >= 350 { // a linguist there
				r.Frame(1, 2, uint32(n-350), say(200, size), c.at(n))
			}
			c.ns.Store(int64(n) * int64(voice.FrameTime))
			for len(r.q) > queue/2 {
				time.Sleep(time.Millisecond)
			}
		}
		r.End()
		got := r.Result(time.Minute)
		if got.Fault != "" || got.Dropped != 0 || len(got.Files) != 3 {
			t.Fatalf("%s: %+v", codec, got)
		}
		want := map[string][]byte{}
		for _, who := range []string{"aurelia-0", "borealia-0", "borealia-2"} {
			all := make([]byte, 400)
			for n := range all {
				held := n >= 200 && n < 300
				switch {
				case held, who == "borealia-0" && (n == 50 || n == 60), who == "borealia-2" && n < 350:
				case who == "borealia-2":
					all[n] = 200
				default:
					all[n] = byte(n%100 + 1)
				}
			}
			want[who] = all
		}
		for _, f := range got.Files {
			b, err := os.ReadFile(filepath.Join(dir, f.Name))
			if err != nil {
				t.Fatal(err)
			}
			h := sha256.Sum256(b)
			if hex.EncodeToString(h[:]) != f.SHA256 || f.Bytes != len(b) || f.MS != 8000 || f.FromMS != 0 {
				t.Errorf("%+v: %d bytes", f, len(b))
			}
			who, _, _ := strings.Cut(f.Name, ".")
			if codec == voice.ULaw {
				for i, v := range want[who] {
					if v != 0 {
						want[who][i] = ^v
					}
				}
			}
			sound := heard(t, f.Name, b)
			for n := range want[who] {
				if n >= len(sound) || sound[n] != want[who][n] {
					t.Fatalf("%s: frame %d is %v, not %v (of %d)", f.Name, n, sound[n:min(n+5, len(sound))], want[who][n], len(sound))
				}
			}
			st, _ := os.Stat(filepath.Join(dir, f.Name))
			up, _ := os.Stat(dir)
			if st.Mode().Perm() != 0o600 || up.Mode().Perm() != 0o700 {
				t.Errorf("modes %v, %v", st.Mode(), up.Mode())
			}
		}
	}
}

// A codec that changes in the call begins the next file, where it begins.
//
// SPEC: RCD-002
func TestAnotherCodecBeginsTheNextFile(t *testing.T) {
	r, c, _ := taped(t, voice.Opus, nil)
	for n := range 50 {
		r.Frame(0, 0, uint32(n), say(1, 80), c.at(n))
	}
	r.Use(voice.ULaw)
	for n := 100; n < 150; n++ {
		r.Frame(0, 0, uint32(n), say(1, 160), c.at(n))
	}
	r.End()
	got := r.Result(time.Minute)
	if len(got.Files) != 2 || got.Files[0].Name != "aurelia-0.ogg" || got.Files[1].Name != "aurelia-0-2.wav" || got.Files[1].FromMS != 2000 || got.Files[0].MS != 1000 || got.Files[1].MS != 1000 {
		t.Errorf("%+v", got)
	}
}

// bad is a file of a disk that fails or hangs once something was written.
type bad struct {
	io.WriteCloser
	err  error
	hang chan struct{}
	n    int
}

func (b *bad) Write(p []byte) (int, error) {
	if b.n++; b.n < 2 {
		return b.WriteCloser.Write(p)
	}
	if b.hang != nil {
		<-b.hang
		return b.WriteCloser.Write(p)
	}
	return 0, b.err
}

// A disk that fails or hangs is said within two seconds of the clock, costs the frames that it takes, and holds up no frame:
// each goes into the queue or is counted.
//
// SPEC: RCD-005 RCD-006
func TestADiskThatFailsCostsTheRecordingAlone(t *testing.T) {
	for want, failing := range map[string]bad{
		call.RecordFull: {err: syscall.ENOSPC}, call.RecordRefused: {err: os.ErrPermission}, call.RecordDisk: {err: errors.New("smoke")}, call.RecordHangs: {hang: make(chan struct{})},
	} {
		r, c, _ := taped(t, voice.Opus, func(o *Options) {
			o.Create = func(path string) (io.WriteCloser, error) {
				f, err := os.Create(path)
				b := failing
				b.WriteCloser = f
				return &b, err
			}
		})
		for n := range 30 { // a page is over: it is written
			r.Frame(0, 0, uint32(n), say(1, 80), c.at(n))
		}
		c.ns.Store(int64(time.Second))
		waits(t, func() bool { return r.busy.Load() != 0 || r.fault.Load() != nil })
		at := c.now().Add(1900 * time.Millisecond)
		waits(t, func() bool { return r.Fault(at) == want })
		for n := range 3 * queue {
			r.Frame(0, 0, uint32(50+n), say(1, 80), c.at(50+n))
		}
		if want == call.RecordHangs {
			if d := r.dropped.Load(); d < 2*queue-1 || d > 3*queue {
				t.Errorf("%s: %d dropped", want, d)
			}
			r.End()
			if got := r.Result(time.Millisecond); got.Fault != want || got.Dropped == 0 {
				t.Errorf("%+v", got)
			}
			if r.Over() || Never(id, want).Result(time.Minute).Fault != want {
				t.Error("it still waits for the disk, and does not say so")
			}
			close(failing.hang)
			continue
		}
		waits(t, func() bool { return len(r.q) == 0 })
		r.End()
		if got := r.Result(time.Minute); got.Fault != want || got.Dropped < 3*queue-1 {
			t.Errorf("%s: %+v", want, got)
		}
	}
}

// A directory that cannot be made, and one without a place.
//
// SPEC: RCD-006
func TestNowhereToRecord(t *testing.T) {
	for _, dir := range []string{"", "/proc/nowhere/recordings", "/dev/null/x"} {
		r, c, _ := taped(t, voice.Opus, func(o *Options) { o.Dir = dir })
		waits(t, func() bool { return r.Fault(c.now()) != "" })
		r.End()
		if got := r.Result(time.Minute); got.Fault == "" || len(got.Files) != 0 {
			t.Errorf("%q: %+v", dir, got)
		}
	}
}

// What a recording and all of them may take: over it no byte is written.
//
// SPEC: RCD-004
func TestRecordingsHaveAnEnd(t *testing.T) {
	for want, change := range map[string]func(*Options){
		call.RecordLong: func(o *Options) { o.OfCall = 10_000 },
		call.RecordMany: func(o *Options) {
			o.InAll = 10_000
			old := filepath.Join(o.Dir, strings.Repeat("0", 32))
			if err := errors.Join(os.MkdirAll(old, 0o700), os.WriteFile(filepath.Join(old, "aurelia-0.ogg"), make([]byte, 6000), 0o600)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		r, c, dir := taped(t, voice.Opus, change)
		for n := range 400 {
			r.Frame(0, 0, uint32(n), say(1, 80), c.at(n))
			for len(r.q) > queue/2 {
				time.Sleep(time.Millisecond)
			}
		}
		r.End()
		got := r.Result(time.Minute)
		if got.Fault != want || got.Dropped == 0 {
			t.Errorf("%s: %+v", want, got)
		}
		if n := size(filepath.Dir(dir)); n == 0 || n > 10_000 {
			t.Errorf("%s: %d bytes", want, n)
		}
	}
}

// No frame costs an allocation.
//
// SPEC: RCD-005
func TestAFrameCostsNoAllocation(t *testing.T) {
	r := Recorder{q: make(chan frame, queue)}
	f, n, at := say(1, 80), uint32(0), began
	if a := testing.AllocsPerRun(2*queue, func() { n++; r.Frame(1, 3, n, f, at) }); a != 0 || r.dropped.Load() == 0 {
		t.Errorf("%v allocations a frame, %d dropped", a, r.dropped.Load())
	}
}

// A recording that is encrypted is opened by its key and by no other; of one that was cut all parts but the last.
//
// SPEC: RCD-007 RCD-011
func TestSealedRecordingsOpen(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	r, c, dir := taped(t, voice.ULaw, func(o *Options) { o.To = key.Recipient() })
	for n := range 100 {
		r.Frame(1, 0, uint32(n), say(7, 160), c.at(n))
	}
	r.End()
	if got := r.Result(time.Minute); len(got.Files) != 1 || got.Files[0].Name != "borealia-0.wav.sealed" {
		t.Fatalf("%+v", got)
	}
	b, err := os.ReadFile(filepath.Join(dir, "borealia-0.wav.sealed"))
	if err != nil || bytes.Contains(b, say(7, 100)) {
		t.Fatal("not encrypted", err)
	}
	var plain, cut bytes.Buffer
	if err := Open(&plain, bytes.NewReader(b), key); err != nil {
		t.Fatal(err)
	}
	if got := heard(t, "borealia-0.wav", plain.Bytes()); len(got) != 100 || got[99] != ^byte(7) {
		t.Errorf("%d frames", len(got))
	}
	if err := Open(&cut, bytes.NewReader(b[:len(b)-1]), key); !errors.Is(err, ErrCut) || cut.Len() < wavHeadBytes+75*160 || !bytes.HasPrefix(plain.Bytes(), cut.Bytes()) {
		t.Errorf("%d bytes of one that was cut: %v", cut.Len(), err)
	}
	to := filepath.Join(t.TempDir(), "open")
	if names, err := OpenAll(dir, to, key); err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	for what, tail := range map[string][]byte{"zeros": make([]byte, 4096), "noise": append([]byte{0, 0, 0, 8}, "nothing!"...)} { // after a power cut
		from, into := t.TempDir(), filepath.Join(t.TempDir(), "open")
		if err := errors.Join(os.WriteFile(filepath.Join(from, "aurelia-0.wav.sealed"), append(bytes.Clone(b), tail...), 0o600), os.WriteFile(filepath.Join(from, "borealia-0.wav.sealed"), b, 0o600)); err != nil {
			t.Fatal(err)
		}
		names, err := OpenAll(from, into, key)
		if err == nil || !strings.Contains(err.Error(), "aurelia-0.wav.sealed") || len(names) != 2 {
			t.Errorf("%s: %v, %v", what, names, err)
		}
		for _, n := range names {
			if st, err := os.Stat(n); err != nil || st.Size() != int64(plain.Len()) {
				t.Errorf("%s: %s is not whole: %v", what, n, err)
			}
		}
	}
	if wav, err := os.ReadFile(filepath.Join(to, "borealia-0.wav")); err != nil || binary.LittleEndian.Uint32(wav[4:]) != uint32(len(wav)-8) || binary.LittleEndian.Uint32(wav[54:]) != 100*160 || !bytes.Equal(wav[wavHeadBytes:], plain.Bytes()[wavHeadBytes:]) {
		t.Errorf("the WAV has no length: %q, %v", wav[:60], err)
	}
	if _, err := OpenAll(dir, to, key); err == nil {
		t.Error("what is there was overwritten")
	}
	if _, err := OpenAll(t.TempDir(), to, key); err == nil {
		t.Error("nothing was opened, and nothing said")
	}
	other, _ := age.GenerateX25519Identity()
	if err := Open(io.Discard, bytes.NewReader(b), other); err == nil {
		t.Error("another key opens it")
	}
}

// What was said more than a second ago is on the disk, whatever becomes of the node.
//
// SPEC: RCD-007
func TestAKillLosesASecond(t *testing.T) {
	key, _ := age.GenerateX25519Identity()
	for _, o := range []Options{{}, {To: key.Recipient()}} {
		r, c, dir := taped(t, voice.Opus, func(to *Options) { to.To = o.To })
		for n := range 200 {
			r.Frame(0, 0, uint32(n), say(1, 80), c.at(n))
		}
		c.ns.Store(int64(200 * voice.FrameTime))
		name := filepath.Join(dir, "aurelia-0.ogg")
		if o.To != nil {
			name += Sealed
		}
		waits(t, func() bool { // as a process that is killed would leave it
			b, _ := os.ReadFile(name)
			if o.To != nil {
				var out bytes.Buffer
				_ = Open(&out, bytes.NewReader(b), key)
				b = out.Bytes()
			}
			return bytes.Count(b, say(1, 80)) >= 150
		})
		r.End()
		r.Result(time.Minute)
	}
}

// synced counts how often a file is sent to the disk, and written to; each write ends a while later.
type synced struct {
	*os.File
	syncs, writes *atomic.Int32
	later         func()
}

func (f synced) Sync() error { f.syncs.Add(1); return nil }

func (f synced) Write(b []byte) (int, error) { f.writes.Add(1); f.later(); return f.File.Write(b) }

// A long file reaches the disk while it is written, so that its end waits for little; silence that is encrypted is not in
// thousands of parts.
//
// SPEC: RCD-007 RCD-008
func TestALongFileReachesTheDiskMeanwhile(t *testing.T) {
	key, _ := age.GenerateX25519Identity()
	for to, parts := range map[age.Recipient]int32{nil: 2000, key.Recipient(): 20} {
		var syncs, writes atomic.Int32
		var r *Recorder
		var c *clock
		hung := ""
		r, c, _ = taped(t, voice.ULaw, func(o *Options) {
			o.To = to
			o.Create = func(path string) (io.WriteCloser, error) {
				f, err := os.Create(path)
				return synced{f, &syncs, &writes, func() { c.ns.Add(int64(400 * time.Millisecond)); hung += r.Fault(c.now()) }}, err
			}
		})
		const n = 20_000 // frames of silence: 3.2 MB
		r.Frame(0, 0, n, say(1, 160), c.at(n))
		r.End()
		if got := r.Result(time.Minute); len(got.Files) != 1 || got.Files[0].Bytes < n*160 {
			t.Fatalf("%+v", got)
		}
		if hung != "" {
			t.Errorf("sealed %t: a disk that answers each write within 0.4 s is said to be %q", to != nil, hung)
		}
		if syncs.Load() < 3 || writes.Load() > parts {
			t.Errorf("sealed %t: %d times sent to the disk, in %d writes", to != nil, syncs.Load(), writes.Load())
		}
	}
}

// SPEC: RCD-010
func TestRecordingsAreErased(t *testing.T) {
	dir := t.TempDir()
	for i, days := range []int{40, 31, 29, 50} {
		k := strings.Repeat("0", 31) + string(rune('a'+i))
		at := time.Now().Add(-time.Duration(days) * 24 * time.Hour)
		f := filepath.Join(dir, k, "aurelia-0.ogg")
		if err := errors.Join(os.MkdirAll(filepath.Dir(f), 0o700), os.WriteFile(f, []byte("x"), 0o600), os.Chtimes(f, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	held := strings.Repeat("0", 31) + "d"
	if err := Hold(dir, held, true); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600); err != nil { // not ours
		t.Fatal(err)
	}
	empty := filepath.Join(dir, strings.Repeat("0", 31)+"e") // of a call that has just begun
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	over := func() (ids []string) {
		all, err := Over(dir, 30*24*time.Hour, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range all {
			ids = append(ids, k.Call[31:])
		}
		return ids
	}
	if got := over(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("over: %v", got)
	}
	gone := strings.Repeat("0", 31) + "a"
	if err := Mark(dir, gone); err != nil {
		t.Fatal(err)
	}
	if err := Mark(dir, held); !errors.Is(err, ErrHeld) { // it was said since it was found to be over
		t.Errorf("a recording that is held is marked: %v", err)
	}
	if err := Hold(dir, gone, true); !errors.Is(err, ErrErased) {
		t.Errorf("one that is marked is held: %v", err)
	}
	if k, err := Of(dir, gone); err != nil || len(k.Files) == 0 || !slices.Equal(over(), []string{"a", "b"}) {
		t.Errorf("marked, and not stated yet: %+v, %v, %v", k, err, over())
	}
	if err := Erase(dir, gone); err != nil {
		t.Fatal(err)
	}
	if err := Hold(dir, gone, true); !errors.Is(err, ErrErased) {
		t.Errorf("one that is gone is held: %v", err)
	}
	if err := Hold(dir, held, false); err != nil {
		t.Fatal(err)
	}
	if got := over(); !slices.Equal(got, []string{"b", "d"}) {
		t.Errorf("over, with one given free: %v", got)
	}
	if all, err := List(dir, true); err != nil || len(all) != 5 || all[0].Call != gone || all[0].Erased.IsZero() || len(all[0].Files) != 0 || !all[1].Erased.IsZero() {
		t.Errorf("%+v, %v", all, err)
	}
}

// FuzzOpen: whatever lies on the disk is opened, or refused.
//
// SPEC: RCD-007
func FuzzOpen(f *testing.F) {
	key, _ := age.GenerateX25519Identity()
	part, err := seal([]byte("sound"), key.Recipient())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(part)
	f.Add(append(slices.Clone(part), part[:20]...))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		if err := Open(&out, bytes.NewReader(b), key); err == nil && out.Len() > len(b) {
			t.Errorf("%d bytes of %d", out.Len(), len(b))
		}
	})
}

// waits until something is so: nothing rests on how long it takes.
func waits(t *testing.T, so func() bool) {
	t.Helper()
	for range 10_000 {
		if so() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("it never became so")
}
