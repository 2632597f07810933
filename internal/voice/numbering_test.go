// SPDX-License-Identifier: Apache-2.0

package voice

import (
	"math/rand"
	"testing"
)

// A number is given to one frame alone, however frames of changing sources come late: two sealed packets of one number give
// both away. SPEC: VOX-025 PHN-031
func TestNumbersAreGivenOnce(t *testing.T) {
	var n Numbering
	for _, c := range []struct {
		source, frame uint32
		ok            bool
	}{{9, 48, true}, {0, 1, true}, {9, 51, true}, {9, 50, false}, {9, 49, false}, {9, 53, true}, {9, 52, true}} {
		if _, _, _, ok := n.Place(c.source, c.frame, 160, 0); ok != c.ok {
			t.Errorf("frame %d of source %d: %v", c.frame, c.source, ok)
		}
	}
	r := rand.New(rand.NewSource(1))
	n, now := Numbering{Seq: 65000}, int64(0)
	given, newest := map[uint16]bool{}, [3]uint32{1 << 31, 0, 1<<32 - 40}
	for range 400 {
		s := r.Intn(3)
		var frames []uint32
		for range 1 + r.Intn(4) {
			newest[s] += uint32(1 + r.Intn(2))
			frames = append(frames, newest[s])
		}
		r.Shuffle(len(frames), func(i, j int) { frames[i], frames[j] = frames[j], frames[i] })
		for _, f := range frames {
			now += 20
			seq, _, _, ok := n.Place(uint32(s), f, 160, now)
			if ok && given[seq] {
				t.Fatalf("number %d is given twice", seq)
			}
			given[seq] = given[seq] || ok
		}
	}
	if len(given) < 500 {
		t.Errorf("%d frames had a place", len(given))
	}
}
