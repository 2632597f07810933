// SPDX-License-Identifier: Apache-2.0

package link

import (
	"sync"
	"sync/atomic"
	"time"

	"example.org/parley/wire"
)

// voiceTx is what SendFrame needs. Its mutex is voice's alone.
type voiceTx struct {
	mu    sync.Mutex
	rings [wire.VoiceSources]struct { // the newest frames of a source
		call uint16
		seq  uint32 // newest
		n    int    // how many before it follow without a gap, itself included
		data [wire.VoiceMaxK + 1]struct {
			n int
			b [wire.VoiceMaxData]byte
		}
	}
	body [wire.LaneMax]byte

	k     int
	queue time.Duration
}

// SendFrame sends one frame of a source, of at most 255 bytes, over every live path, the k frames of it before it with it. It allocates
// nothing, and waits for nothing but another frame.
// SPEC: LNK-017
func (l *Link) SendFrame(call uint16, source byte, seq uint32, frame []byte) {
	if len(frame) == 0 || len(frame) > wire.VoiceMaxData || source >= wire.VoiceSources {
		return
	}
	v := &l.voiceTx
	v.mu.Lock()
	defer v.mu.Unlock()
	r := &v.rings[source]
	if r.call != call || seq != r.seq+1 {
		r.n = 0
	}
	r.call, r.seq, r.n = call, seq, min(r.n+1, len(r.data))
	d := &r.data[seq%uint32(len(r.data))]
	d.n = copy(d.b[:], frame)
	k := min(v.k, r.n-1)
	body := wire.AppendVoice(v.body[:0], call, source, seq, k)
	for i := range uint32(k + 1) {
		d := &r.data[(seq-i)%uint32(len(r.data))]
		body = wire.AppendVoiceFrame(body, d.b[:d.n])
	}
	now := int64(l.now())
	for _, s := range *l.out.Load() {
		if s.dead.Load() {
			continue
		}
		s.path.voiced.Store(now)
		s.write(wire.LaneVoice, s.seal(&s.voice, body), *s.remote.Load())
	}
}

// told takes the peer's word on our voice, the loss of frames after merging all paths and before redundancy, and sets k:
// the least with loss^(k+1) ≤ 1 %, at most 3, and never more while the one-way delay rises, for then the loss may be
// our own doing.
// SPEC: LNK-018
func (v *voiceTx) told(loss byte, queue time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	rising := queue > v.queue+10*time.Millisecond
	v.queue = queue
	k := redundancy(float64(loss) / 255)
	if k < v.k || !rising {
		v.k = k
	}
}

func redundancy(p float64) (k int) {
	for left := p; left > 0.01 && k < wire.VoiceMaxK; k++ {
		left *= p
	}
	return k
}

// voiceRx hands frames over, one at a time, and measures the loss of primary copies after merging all paths.
type voiceRx struct {
	mu      sync.Mutex
	sources [wire.VoiceSources]struct {
		call uint16
		seq  uint32 // newest frame
		got  window // its newest is seq
		at   time.Duration
	}
	loss float64
	said atomic.Uint32 // loss in 1/255, for probes
}

// late is how many frames behind the newest a copy may come and still be played: 200 ms.
const late = 10

func (l *Link) frames(v *wire.Voice) {
	r := &l.voiceRx
	r.mu.Lock()
	defer r.mu.Unlock()
	if v.Source < wire.VoiceSources {
		r.count(v.Call, v.Source, v.Seq, l.now())
	}
	for i := v.N - 1; i >= 0; i-- { // oldest first
		l.cfg.OnFrame(v.Call, v.Source, v.Seq-uint32(i), v.Frames[i])
	}
}

func (r *voiceRx) count(call uint16, source byte, seq uint32, now time.Duration) {
	of := &r.sources[source]
	step := int64(int32(seq - of.seq))
	if of.got.top == 0 || of.call != call || step > 256 || step < -256 || now-of.at > time.Second {
		of.call, of.seq, of.at, of.got = call, seq, now, window{}
		for i := range uint64(late + 1) { // what was before we listened is not lost
			of.got.take(windowSize + i)
		}
		return
	}
	of.at = now
	n := uint64(int64(of.got.top) + step)
	for i := of.got.top + 1; i <= n; i++ {
		lost := 0.0
		if of.got.fresh(i - late) {
			lost = 1
		}
		r.loss += (lost - r.loss) / 100
	}
	if of.got.take(n) {
		of.seq = seq
	}
	r.said.Store(uint32(r.loss * 255))
}
