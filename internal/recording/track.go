// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"math/bits"
	"path/filepath"

	"example.org/parley/call"
	"example.org/parley/internal/voice"
	"example.org/parley/wire"
)

const (
	page     = 25      // frames that are written together: half a second
	grace    = 15      // frames for which a page waits for what comes out of order
	behind   = 3       // frames by which a speaker may be late all the time
	watch    = 50      // frames over which that is looked at
	paused   = 128     // frames: one that is later than these was said later
	ticks    = 960     // of Ogg's clock in a frame
	batch    = 4000    // bytes that are written at once, about
	inOne    = 64      // times that of silence, where each part is encrypted
	syncEach = 1 << 20 // bytes: the end of a call waits for no more of them to reach the disk
)

// track is one file: one speaker in one codec. Frames have their place in the call: who was silent, or whose frame was lost,
// has silence there, so that the files of a call are heard together as it was.
//
// SPEC: RCD-003
type track struct {
	r    *Recorder
	name string
	nth  int // of the speaker's files
	ulaw bool
	from int64 // place in the call at which it begins

	base  int64 // place of the speaker's frame 0
	begun bool
	least int64 // lateness of the frames that are watched
	seen  int

	first int64 // place of the first of the slots; what comes before it was written
	last  int64 // place behind the newest frame that is here
	slots [2 * page]struct {
		n    byte
		data [voice.MaxFrame]byte
	}
	late int // frames that came after their place was written

	w       io.WriteCloser
	sum     hash.Hash
	size    int64
	synced  int64 // of that, what has been sent to the disk
	written int64 // frames
	stands  int64 // of them, those that are on the disk
	buf     bytes.Buffer
	serial  uint32 // of Ogg
	pages   uint32
	closed  bool
}

func (t *track) open(dir string) (err error) {
	if t.w, err = t.r.o.Create(filepath.Join(dir, t.name)); err != nil {
		return err
	}
	t.first, t.last, t.sum = t.from, t.from, sha256.New()
	if t.ulaw {
		t.buf.Write(wavHead(unknown))
		return t.flush()
	}
	h := wire.Sum([]byte(t.r.id + t.name))
	t.serial = binary.BigEndian.Uint32(h[:])
	t.ogg(oggBegins, []byte("OpusHead\x01\x01\x00\x00\x80\xbb\x00\x00\x00\x00\x00"))
	t.ogg(0, []byte("OpusTags\x06\x00\x00\x00parley\x00\x00\x00\x00"))
	return t.flush()
}

// take puts a frame, which came when the call was at now, into its place.
func (t *track) take(f *frame, now int64) error {
	at := t.base + int64(f.seq)
	switch late := now - at; {
	case !t.begun, f.anew, late > paused, late < -paused:
		t.base, t.begun, t.seen = now-int64(f.seq), true, 0
		at = now
	default:
		if t.seen == 0 || late < t.least {
			t.least = late
		}
		if t.seen++; t.seen == watch {
			if t.seen = 0; t.least > behind {
				t.base += t.least
				at += t.least
			}
		}
	}
	if at < t.first {
		t.late++
		return nil
	}
	for at >= t.first+int64(len(t.slots)) {
		if err := t.turn(at); err != nil {
			return err
		}
	}
	s := &t.slots[at%int64(len(t.slots))]
	s.n = f.n
	copy(s.data[:], f.data[:f.n])
	t.last = max(t.last, at+1)
	return nil
}

// due writes the pages that are over.
func (t *track) due(now int64) error {
	for t.last > t.first && now >= t.first+page+grace {
		if err := t.turn(t.first); err != nil {
			return err
		}
	}
	return nil
}

// turn writes the first page of the slots; where they hold nothing it goes on at the page of at. The silence is written
// once something follows it.
func (t *track) turn(at int64) error {
	if t.last <= t.first {
		t.first = max(t.first, at/page*page)
		return nil
	}
	if err := t.silence(t.first); err != nil {
		return err
	}
	end := min(t.first+page, t.last)
	t.sound(t.first, end, 0)
	t.first += page
	return t.flush()
}

// close writes what is here and ends the file.
func (t *track) close() error {
	if t.closed {
		return nil
	}
	for t.last > t.first {
		if err := t.turn(t.first); err != nil {
			return err
		}
	}
	if !t.ulaw {
		t.ogg(oggEnds)
	}
	err := t.flush()
	t.closed = err == nil
	if f, ok := t.w.(interface{ Sync() error }); ok && err == nil {
		err = f.Sync()
	}
	if t.closed {
		err = errors.Join(err, t.w.Close())
	}
	return err
}

// leave closes a file that could not be ended.
func (t *track) leave() error {
	if !t.closed {
		_ = t.w.Close()
	}
	return nil
}

// silence writes it up to a place.
func (t *track) silence(to int64) error {
	most := batch
	if t.r.o.To != nil {
		most *= inOne
	}
	for t.from+t.written < to {
		at := t.from + t.written
		if t.sound(at, min(at+page, to), to); t.buf.Len() >= most {
			if err := t.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// sound writes the frames from one place to another; those before still are silence.
func (t *track) sound(from, to, still int64) {
	var frames [page][]byte
	n := 0
	for at := from; at < to; at++ {
		frames[n] = quiet[:]
		if s := &t.slots[at%int64(len(t.slots))]; at >= still && s.n > 0 {
			frames[n] = s.data[:s.n]
			s.n = 0
		} else if t.ulaw {
			frames[n] = hush[:]
		}
		n++
	}
	t.written += int64(n)
	if !t.ulaw {
		t.ogg(0, frames[:n]...)
		return
	}
	for _, f := range frames[:n] {
		t.buf.Write(f[:min(len(f), voice.FrameBytes)])
		t.buf.Write(hush[min(len(f), voice.FrameBytes):])
	}
}

// quiet and hush are frames of Opus and of µ-law without sound.
var (
	quiet = [3]byte{0xf8, 0xff, 0xfe}
	hush  = func() (b [voice.FrameBytes]byte) {
		for i := range b {
			b[i] = 0xff
		}
		return b
	}()
)

// flush writes what is in the buffer, sealed where the line has a key for it, and counts and hashes what lies on the disk.
func (t *track) flush() error {
	b := t.buf.Bytes()
	if t.r.o.To != nil {
		var err error
		if b, err = seal(b, t.r.o.To); err != nil {
			return err
		}
	}
	t.buf.Reset()
	if err := t.r.room(int64(len(b))); err != nil {
		return err
	}
	t.r.busy.Store(t.r.o.Now().UnixNano()) // each write is a use of the disk of its own
	n, err := t.w.Write(b)
	t.sum.Write(b[:n])
	if t.size += int64(n); err == nil {
		t.stands = t.written
	}
	if f, ok := t.w.(interface{ Sync() error }); ok && err == nil && t.size-t.synced >= syncEach {
		t.synced, err = t.size, f.Sync()
	}
	return err
}

// file is what call.closed says of it.
func (t *track) file() call.RecordFile {
	return call.RecordFile{Name: t.name, FromMS: int(t.from) * frameMS, MS: int(t.stands) * frameMS, Bytes: int(t.size), SHA256: hex.EncodeToString(t.sum.Sum(nil))}
}

const frameMS = int(voice.FrameTime / 1e6)

// unknown is the length of a WAV of which nobody knows yet how long it becomes: to the end of the file.
const unknown = 0xffffffff

const wavHeadBytes = 58

// wavHead begins a WAV of µ-law with so many bytes of sound.
func wavHead(sound uint32) []byte {
	all := sound
	if sound != unknown {
		all += wavHeadBytes - 8
	}
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("RIFF"), all)
	b = le.AppendUint32(append(b, "WAVEfmt "...), 18)
	for _, v := range []uint16{7, 1, voice.Rate, 0, voice.Rate, 0, 1, 8, 0} { // µ-law, one channel, the rate and bytes a second in 32 bits
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(append(b, "fact"...), 4)
	b = le.AppendUint32(b, sound)
	return le.AppendUint32(append(b, "data"...), sound)
}

// Flags of a page of Ogg.
const (
	oggBegins = 2
	oggEnds   = 4
)

// ogg adds a page of packets under 255 bytes. It bears where the sound stands after it.
func (t *track) ogg(flags byte, packets ...[]byte) {
	le := binary.LittleEndian
	at := t.buf.Len()
	b := le.AppendUint64(append([]byte("OggS\x00"), flags), uint64(t.written)*ticks)
	b = le.AppendUint32(b, t.serial)
	b = le.AppendUint32(b, t.pages)
	b = append(b, 0, 0, 0, 0, byte(len(packets)))
	for _, p := range packets {
		b = append(b, byte(len(p)))
	}
	t.pages++
	t.buf.Write(b)
	for _, p := range packets {
		t.buf.Write(p)
	}
	whole := t.buf.Bytes()[at:]
	le.PutUint32(whole[22:], oggSum(whole))
}

// oggTable is for the polynomial of package crc32, the other way round: neither bytes nor the sum are reflected in Ogg.
var oggTable = func() (out [256]uint32) {
	poly := bits.Reverse32(crc32.IEEE)
	for i := range out {
		c := uint32(i) << 24
		for range 8 {
			c = c<<1 ^ poly*(c>>31)
		}
		out[i] = c
	}
	return out
}()

func oggSum(b []byte) (c uint32) {
	for _, v := range b {
		c = c<<8 ^ oggTable[byte(c>>24)^v]
	}
	return c
}
