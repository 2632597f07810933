// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"strings"
	"time"

	"example.org/parley/internal/voice"
)

// What is keyed for STOP: S-T-O-P and T-E-S-T on a telephone's keys.
const (
	stopKeys = "**7867"
	testKeys = "**8378" // a STOP of class test
)

const (
	keyWithin   = 5 * time.Second  // from one key to the next
	againWithin = 20 * time.Second // from the keys to the same keys again
)

// keypad reads what is keyed at one telephone. The zero keypad has heard nothing.
type keypad struct {
	keyed string
	last  time.Time
	asked string // what is to be keyed again
	until time.Time
}

// press takes a key: again asks for the same keys once more, then keys says which were keyed twice.
//
// SPEC: PHN-040
func (k *keypad) press(key byte, now time.Time) (again bool, keys string) {
	if now.Sub(k.last) > keyWithin {
		k.keyed = ""
	}
	k.last = now
	if k.keyed += string(key); len(k.keyed) > len(stopKeys) {
		k.keyed = k.keyed[len(k.keyed)-len(stopKeys):]
	}
	if k.keyed != stopKeys && k.keyed != testKeys {
		return false, ""
	}
	was := k.asked
	keyed, open := k.keyed, now.Before(k.until)
	*k = keypad{last: now}
	if open && was == keyed {
		return false, keyed
	}
	k.asked, k.until = keyed, now.Add(againWithin)
	return true, ""
}

// The signals that a telephone plays to who keyed: tones that the node makes, each told from the others by its pitch and beat.
var (
	askSignal  = signal(3, 8, 6, 880)  // three short high ones: the same keys again
	sentSignal = signal(1, 50, 0, 660) // one long: it was said
	failSignal = signal(4, 5, 5, 330)  // four short low ones: it was not
)

// signal makes beats tones of so many frames, each followed by silence.
func signal(beats, long, pause int, hz float64) (frames [][voice.FrameBytes]byte) {
	t := voice.Tone{Hz: hz, LevelDB: -10}
	for range beats {
		for n := range long {
			var f [voice.FrameBytes]byte
			t.Frame(uint32(n), &f)
			frames = append(frames, f)
		}
		for range pause {
			frames = append(frames, silence)
		}
	}
	return frames
}

// toneOf writes frame n of the two tones of a key, as a telephone's own keys sound.
func toneOf(key byte, n uint32, f *[voice.FrameBytes]byte) {
	at := strings.IndexByte("123A456B789C*0#D", key)
	var high [voice.FrameBytes]byte
	voice.Tone{Hz: [4]float64{697, 770, 852, 941}[at/4], LevelDB: -12}.Frame(n, f)
	voice.Tone{Hz: [4]float64{1209, 1336, 1477, 1633}[at%4], LevelDB: -12}.Frame(n, &high)
	voice.Mix(f, high[:])
}

// silence is a frame of nothing.
var silence = func() (f [voice.FrameBytes]byte) {
	for i := range f {
		f[i] = 0xff
	}
	return f
}()
