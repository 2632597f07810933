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
	rings [4]struct { // the newest frames of a call
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

// SendFrame sends one frame of at most 255 bytes over every live path, the k frames before it with it. It allocates
// nothing, and waits for nothing but another frame.
// SPEC: LNK-017
func (l *Link) SendFrame(call uint16, seq uint32, frame []byte) {
	if len(frame) == 0 || len(frame) > wire.VoiceMaxData {
		return
	}
	v := &l.voiceTx
	v.mu.Lock()
	defer v.mu.Unlock()
	r := &v.rings[call%uint16(len(v.rings))]
	if r.call != call || seq != r.seq+1 {
		r.n = 0
	}
	r.call, r.seq, r.n = call, seq, min(r.n+1, len(r.data))
	d := &r.data[seq%uint32(len(r.data))]
	d.n = copy(d.b[:], frame)
	k := min(v.k, r.n-1)
	body := wire.AppendVoice(v.body[:0], call, seq, k)
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
		s.write(s.seal(&s.voice, body), *s.remote.Load())
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
	mu   sync.Mutex
	call uint16
	seq  uint32 // newest frame
	got  window // its newest is seq
	loss float64
	said atomic.Uint32 // loss in 1/255, for probes
	at   time.Duration
}

// late is how many frames behind the newest a copy may come and still be played: 200 ms.
const late = 10

func (l *Link) frames(v *wire.Voice) {
	r := &l.voiceRx
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(v.Call, v.Seq, l.now())
	for i := v.N - 1; i >= 0; i-- { // oldest first
		l.cfg.OnFrame(v.Call, v.Seq-uint32(i), v.Frames[i])
	}
}

func (r *voiceRx) count(call uint16, seq uint32, now time.Duration) {
	step := int64(int32(seq - r.seq))
	if r.got.top == 0 || r.call != call || step > 256 || step < -256 || now-r.at > time.Second {
		r.call, r.seq, r.at, r.got = call, seq, now, window{}
		for i := range uint64(late + 1) { // what was before we listened is not lost
			r.got.take(windowSize + i)
		}
		return
	}
	r.at = now
	n := uint64(int64(r.got.top) + step)
	for i := r.got.top + 1; i <= n; i++ {
		lost := 0.0
		if r.got.fresh(i - late) {
			lost = 1
		}
		r.loss += (lost - r.loss) / 100
	}
	if r.got.take(n) {
		r.seq = seq
	}
	r.said.Store(uint32(r.loss * 255))
}
