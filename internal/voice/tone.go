// SPDX-License-Identifier: Apache-2.0

package voice

import "math"

const (
	// Rate is µ-law's samples a second, FrameBytes a frame's.
	Rate       = 8000
	FrameBytes = 160
	fullScale  = 32768
)

// linear is G.711 µ-law decoded to 16 bits.
var linear = func() (t [256]int16) {
	for i := range t {
		u := ^uint8(i)
		v := (int(u&15)<<3+132)<<(u>>4&7) - 132
		if u&128 != 0 {
			v = -v
		}
		t[i] = int16(v)
	}
	return t
}()

// encode gives the µ-law of a 16-bit sample.
func encode(sample float64) byte {
	sign, v := byte(0), int(math.Round(sample))
	if v < 0 {
		sign, v = 128, -v
	}
	v = min(v, 32635) + 132
	exp := byte(7)
	for mask := 1 << 14; v&mask == 0 && exp > 0; mask >>= 1 {
		exp--
	}
	return ^(sign | exp<<4 | byte(v>>(exp+3))&15)
}

// alaw is G.711 A-law decoded to 16 bits.
func alaw(c byte) int {
	c ^= 0x55
	v := int(c&15)<<4 + 8
	if exp := c >> 4 & 7; exp > 0 {
		v = (v + 256) << (exp - 1)
	}
	if c&128 == 0 {
		v = -v
	}
	return v
}

// toA gives to each code of µ-law the nearest of A-law, toU the other way.
var toA, toU = func() (a, u [256]byte) {
	for i := range 256 {
		near := fullScale
		for c := 255; c >= 0; c-- {
			if d := max(alaw(byte(c))-int(linear[i]), int(linear[i])-alaw(byte(c))); d < near {
				near, a[i] = d, byte(c)
			}
		}
		u[i] = encode(float64(alaw(byte(i))))
	}
	return a, u
}()

// ToALaw turns µ-law into A-law, FromALaw A-law into µ-law, in place.
//
// SPEC: VOX-013
func ToALaw(b []byte)   { turn(b, &toA) }
func FromALaw(b []byte) { turn(b, &toU) }

func turn(b []byte, by *[256]byte) {
	for i, c := range b {
		b[i] = by[c]
	}
}

// Tone is a sine as numbered µ-law frames: frame n is the same bytes whoever makes it, so a frame
// that is lost or comes back out of order leaves no click in the others.
type Tone struct{ Hz, LevelDB float64 }

// Frame writes frame n of the tone.
//
// SPEC: VOX-010
func (t Tone) Frame(n uint32, dst *[FrameBytes]byte) {
	step := t.Hz / Rate
	_, phase := math.Modf(float64(n) * FrameBytes * step)
	amplitude := fullScale * math.Pow(10, t.LevelDB/20)
	for i := range dst {
		dst[i] = encode(amplitude * math.Sin(2*math.Pi*(phase+float64(i)*step)))
	}
}

// Goertzel gives the level of one frequency in µ-law sound, in dB below a full-scale sine.
func Goertzel(ulaw []byte, hz float64) float64 { return decibel(amplitude(ulaw, hz)) }

func amplitude(ulaw []byte, hz float64) float64 {
	if len(ulaw) == 0 {
		return 0
	}
	c := 2 * math.Cos(2*math.Pi*hz/Rate)
	var a, b float64
	for _, u := range ulaw {
		a, b = float64(linear[u])+c*a-b, a
	}
	return 2 * math.Sqrt(max(0, a*a+b*b-c*a*b)) / float64(len(ulaw))
}

// Find looks for the strongest tone between 100 and 3,900 Hz: by steps over a tenth of a second,
// then by closing in, then the same over all of the sound. It takes a millisecond or two.
//
// SPEC: VOX-011
func Find(ulaw []byte) (hz, levelDB float64) {
	short := ulaw[:min(len(ulaw), Rate/10)]
	best, loudest := 0.0, 0.0
	for f := 100.0; f <= 3900; f += 5 {
		if a := amplitude(short, f); a > loudest {
			best, loudest = f, a
		}
	}
	best = closeIn(short, best, 5)
	best = closeIn(ulaw, best, Rate/2/float64(max(len(ulaw), 1)))
	return best, Goertzel(ulaw, best)
}

// closeIn finds the peak within ± width of hz, which must be on its main lobe.
func closeIn(ulaw []byte, hz, width float64) float64 {
	low, high := hz-width, hz+width
	for range 24 {
		a, b := low+(high-low)/3, high-(high-low)/3
		if amplitude(ulaw, a) < amplitude(ulaw, b) {
			low = a
		} else {
			high = b
		}
	}
	return (low + high) / 2
}

// ear window: one second.
const earFrames = 50

// Ear keeps the last second of µ-law frames in their places. The zero Ear has heard nothing.
type Ear struct {
	sound  [earFrames * FrameBytes]byte
	at     [earFrames]uint32 // the number in each place
	has    [earFrames]bool
	newest uint32
	any    bool
}

// Hear puts a frame in its place; another size than a µ-law frame's is ignored.
func (e *Ear) Hear(n uint32, frame []byte) {
	if len(frame) != FrameBytes || e.any && int32(n-e.newest) <= -earFrames {
		return
	}
	i := n % earFrames
	e.at[i], e.has[i] = n, true
	copy(e.sound[i*FrameBytes:], frame)
	if !e.any || int32(n-e.newest) > 0 {
		e.newest, e.any = n, true
	}
}

// run copies out the longest stretch without a hole, in order.
func (e *Ear) run(buf *[earFrames * FrameBytes]byte) []byte {
	var length, bestEnd, best int
	for back := earFrames - 1; back >= 0; back-- {
		n := e.newest - uint32(back)
		if i := n % earFrames; !e.any || !e.has[i] || e.at[i] != n {
			length = 0
			continue
		}
		if length++; length > best {
			best, bestEnd = length, back
		}
	}
	for k := range best {
		i := (e.newest - uint32(bestEnd+best-1-k)) % earFrames
		copy(buf[k*FrameBytes:], e.sound[i*FrameBytes:(i+1)*FrameBytes])
	}
	return buf[:best*FrameBytes]
}

// Tone measures the last second; not ok with less than a fifth of a second of unbroken sound.
func (e *Ear) Tone() (hz, levelDB float64, ok bool) {
	var buf [earFrames * FrameBytes]byte
	sound := e.run(&buf)
	if len(sound) < Rate/5 {
		return 0, Silent, false
	}
	hz, levelDB = Find(sound)
	return hz, levelDB, levelDB > -60
}

// Level is the last second's, as the level of a sine of that power.
func (e *Ear) Level() float64 {
	var sum float64
	var n int
	for i, has := range e.has {
		if !has || int32(e.newest-e.at[i]) >= earFrames {
			continue
		}
		for _, u := range e.sound[i*FrameBytes : (i+1)*FrameBytes] {
			v := float64(linear[u])
			sum += v * v
		}
		n += FrameBytes
	}
	if n == 0 {
		return Silent
	}
	return decibel(math.Sqrt(2 * sum / float64(n)))
}

// Mix adds a frame of µ-law to another: who speak at once are heard at once.
func Mix(dst *[FrameBytes]byte, frame []byte) {
	for i := range min(len(frame), FrameBytes) {
		dst[i] = encode(float64(linear[dst[i]]) + float64(linear[frame[i]]))
	}
}
