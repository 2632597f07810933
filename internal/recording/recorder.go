// SPDX-License-Identifier: Apache-2.0

// Package recording keeps the sound of calls as files, one a speaker, where the parties have agreed on it. Frames are written
// as they came, in Ogg for Opus and WAV for G.711; nothing is decoded. It stands beside the path of the frames: a frame is
// copied into a queue that has an end, and a disk that hangs, is full or refuses costs the recording alone.
//
//	recorder.go  one call: the queue, the goroutine that writes, what went wrong
//	track.go     one speaker: frames in their place in time, Ogg and WAV
//	seal.go      files encrypted to a key that is not on this machine
//	keep.go      how long recordings are kept, and how much room they may take
//
// Its spec is spec/recording.md (RCD).
package recording

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"filippo.io/age"
	"golang.org/x/sys/unix"

	"example.org/parley/call"
	"example.org/parley/internal/voice"
)

// Options say where a line keeps its recordings, and how much of them.
type Options struct {
	Dir      string // "": there is no place for any
	Us, Them string // the parties' names, of which the files have theirs
	To       age.Recipient
	OfCall   int64         // bytes at most of one call; 0: perCall
	InAll    int64         // and of all that are kept; 0: inAll
	Keep     time.Duration // how long a recording is kept
	Now      func() time.Time
	Create   func(path string) (io.WriteCloser, error) // nil: a file of the disk
}

// Bounds of recordings: an hour of two speakers of G.711 is 58 MB, of Opus 34 MB.
const (
	perCall = 512 << 20
	inAll   = 8 << 30
	leave   = 128 << 20 // of the disk: the record comes before the recording of a call
)

const (
	queue    = 1024                   // frames that wait for the disk: 2.5 s of eight speakers
	hangs    = time.Second            // in one use of the disk
	lookEach = 100 * time.Millisecond // at the clock, for pages that are over
)

// frame of the queue. It is copied: no frame costs an allocation.
type frame struct {
	at     time.Time
	seq    uint32
	side   byte // 0 ours, 1 theirs
	source byte
	ulaw   bool
	anew   bool // the call was on hold: the frame's place is that of its time
	n      byte
	data   [voice.MaxFrame]byte
}

// Recorder records one call. Frame may be called from any goroutine, and waits for nothing.
type Recorder struct {
	o       Options
	id      string
	dir     string
	began   time.Time
	q       chan frame
	end     chan struct{}
	done    chan struct{}
	ulaw    atomic.Bool
	holds   atomic.Uint32                   // how often the call was on hold
	seen    [2][voice.Sources]atomic.Uint32 // of that, what each speaker's frames know
	dropped atomic.Uint64                   // frames that found no place in the queue, or came after a fault
	busy    atomic.Int64                    // since when the disk is being used, Unix nanoseconds by Options.Now; 0: it is not
	fault   atomic.Pointer[string]          // why nothing is written any more
	tracks  [2][voice.Sources]*track        // owned by the goroutine, and after done by who has waited for it
	files   []*track                        // all of them, in the order in which they began
	bytes   int64
	others  int64 // of the recordings before it
	looked  int64 // bytes when the room of the disk was looked at last
}

// Never is the recorder of a call whose recording did not begin.
func Never(id, why string) *Recorder {
	r := &Recorder{id: id, done: make(chan struct{})}
	r.fault.Store(&why)
	r.o.Now = time.Now
	close(r.done)
	return r
}

// Start begins to record a call whose sound was opened at a time. A disk that hangs keeps one recorder: none is begun before
// the one of the call before is over.
func Start(o Options, id, codec string, began time.Time) *Recorder {
	r := &Recorder{o: o, id: id, dir: filepath.Join(o.Dir, id), began: began, q: make(chan frame, queue), end: make(chan struct{}), done: make(chan struct{})}
	r.o.OfCall, r.o.InAll = cmp.Or(o.OfCall, perCall), cmp.Or(o.InAll, inAll)
	if r.o.Create == nil {
		r.o.Create = func(path string) (io.WriteCloser, error) {
			return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		}
	}
	r.Use(codec)
	go r.run()
	return r
}

// Over reports whether it uses the disk no more.
func (r *Recorder) Over() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// Call is the id of the call.
func (r *Recorder) Call() string { return r.id }

// Use sets the codec of the frames that come from now on.
func (r *Recorder) Use(codec string) { r.ulaw.Store(codec == voice.ULaw) }

// Held says that the call was on hold: no frame was numbered meanwhile, and the next of each speaker has the place of its time.
func (r *Recorder) Held() { r.holds.Add(1) }

// Frame takes a copy of a frame of a speaker, ours (0) or theirs (1). What finds no room is counted. SPEC: RCD-005
func (r *Recorder) Frame(side, source byte, seq uint32, data []byte, at time.Time) {
	if len(data) > voice.MaxFrame || source >= voice.Sources {
		return
	}
	f := frame{at: at, seq: seq, side: side, source: source, ulaw: r.ulaw.Load(), n: byte(len(data))}
	holds := r.holds.Load()
	f.anew = r.seen[side][source].Swap(holds) != holds
	copy(f.data[:], data)
	select {
	case r.q <- f:
	default:
		r.dropped.Add(1)
	}
}

// Fault says why nothing is recorded now, "" while all is. SPEC: RCD-006
func (r *Recorder) Fault(now time.Time) string {
	if f := r.fault.Load(); f != nil {
		return *f
	}
	if since := r.busy.Load(); since != 0 && now.UnixNano()-since >= int64(hangs) {
		return call.RecordHangs
	}
	return ""
}

// End ends the recording; Result says what came of it.
func (r *Recorder) End() { close(r.end) }

// Result is what call.closed says of a recording that was ended: as much as is known within a time. SPEC: RCD-008
func (r *Recorder) Result(within time.Duration) *call.Recording {
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-r.done:
	case <-late.C:
		return &call.Recording{Fault: cmp.Or(r.Fault(r.o.Now()), call.RecordHangs), Dropped: int(r.dropped.Load()) + len(r.q)}
	}
	out := &call.Recording{Fault: r.Fault(r.o.Now()), Dropped: int(r.dropped.Load())}
	for _, t := range r.files {
		out.Dropped += t.late
		if f := t.file(); len(out.Files) < call.MaxFiles && f.MS > 0 {
			out.Files = append(out.Files, f)
		}
	}
	return out
}

// run writes until the call is over. It is the one goroutine that uses the disk.
func (r *Recorder) run() {
	defer close(r.done)
	tick := time.NewTicker(lookEach)
	defer tick.Stop()
	r.disk(r.prepare)
	for {
		select {
		case f := <-r.q:
			r.take(&f)
			continue
		default:
		}
		select {
		case f := <-r.q:
			r.take(&f)
		case <-tick.C:
			r.disk(func() error { return r.each(func(t *track) error { return t.due(r.place(r.o.Now())) }) })
		case <-r.end:
			for len(r.q) > 0 {
				f := <-r.q
				r.take(&f)
			}
			r.disk(func() error { return r.each((*track).close) })
			_ = r.each((*track).leave)
			return
		}
	}
}

// place is where in the call a time is, in frames.
func (r *Recorder) place(at time.Time) int64 { return int64(at.Sub(r.began) / voice.FrameTime) }

func (r *Recorder) each(do func(*track) error) error {
	for _, side := range r.tracks {
		for _, t := range side {
			if t == nil {
				continue
			}
			if err := do(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// disk does what uses the disk; after a fault nothing does.
func (r *Recorder) disk(do func() error) {
	if r.fault.Load() != nil {
		return
	}
	r.busy.Store(r.o.Now().UnixNano())
	err := do()
	r.busy.Store(0)
	if err != nil {
		why := word(err)
		r.fault.Store(&why)
	}
}

// errSize says that a bound of recordings is reached.
type errSize string

func (e errSize) Error() string { return "a bound of recordings is reached: " + string(e) }

// word is a fault's, of the closed list.
func word(err error) string {
	var size errSize
	switch {
	case errors.As(err, &size):
		return string(size)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return call.RecordFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return call.RecordRefused
	}
	return call.RecordDisk
}

func (r *Recorder) prepare() (err error) {
	if r.o.Dir == "" {
		return fs.ErrPermission
	}
	r.others = size(r.o.Dir)
	if err = os.MkdirAll(r.dir, 0o700); err == nil {
		err = r.room(0)
	}
	return err
}

// room refuses what goes over a bound. SPEC: RCD-004
func (r *Recorder) room(more int64) error {
	r.bytes += more
	switch {
	case r.bytes > r.o.OfCall:
		return errSize(call.RecordLong)
	case r.others+r.bytes > r.o.InAll:
		return errSize(call.RecordMany)
	case r.looked != 0 && r.bytes-r.looked < 1<<20:
		return nil
	}
	var st unix.Statfs_t
	r.looked = max(r.bytes, 1)
	if err := unix.Statfs(r.dir, &st); err != nil {
		return fmt.Errorf("couldn't look at the room for recordings: %w", err)
	}
	if int64(st.Bavail)*int64(st.Bsize) < leave {
		return syscall.ENOSPC
	}
	return nil
}

// take puts a frame into its speaker's file; one of another codec begins the next file. SPEC: RCD-002
func (r *Recorder) take(f *frame) {
	r.disk(func() (err error) {
		t := r.tracks[f.side][f.source]
		if t == nil || t.ulaw != f.ulaw {
			if t, err = r.next(t, f); err != nil {
				return err
			}
			r.tracks[f.side][f.source] = t
		}
		return t.take(f, r.place(f.at))
	})
	if r.fault.Load() != nil {
		r.dropped.Add(1)
	}
}

// next begins a speaker's file: the first at the beginning of the call, one of another codec where that begins.
func (r *Recorder) next(before *track, f *frame) (*track, error) {
	party, n, from := r.o.Us, 1, int64(0)
	if f.side == 1 {
		party = r.o.Them
	}
	if before != nil {
		n, from = before.nth+1, max(before.last, r.place(f.at))
		if err := before.close(); err != nil {
			return nil, err
		}
	}
	name := fmt.Sprintf("%s-%d", party, f.source)
	if n > 1 {
		name += fmt.Sprintf("-%d", n)
	}
	if name += ".ogg"; f.ulaw {
		name = name[:len(name)-3] + "wav"
	}
	if r.o.To != nil {
		name += Sealed
	}
	t := &track{r: r, name: name, nth: n, ulaw: f.ulaw, from: from}
	if err := t.open(r.dir); err != nil {
		return nil, err
	}
	r.files = append(r.files, t)
	return t, nil
}
