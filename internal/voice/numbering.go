// SPDX-License-Identifier: Apache-2.0

package voice

// Numbering gives frames of changing sources one unbroken series of RTP numbers and times (RFC 3550, 5.1): who plays them
// falls silent for seconds where another's numbers jump.
type Numbering struct {
	Started bool
	Source  uint32
	Seq     uint16 // of the source's newest frame, as the next two
	Time    uint32
	SentMS  int64

	oldest, newest uint32 // numbers of the source's frames that have a place
}

// lateMost is how many frames behind the newest one still has a place.
const lateMost = 64

// Place gives the RTP number and time of a frame of so many ticks; fresh is the first of a source. ok is false for one that
// is too old to have a place, or is before the first of its source: its number went to another frame, and a sealed packet
// whose number comes twice gives both away (RFC 3711, 9.1).
//
// SPEC: VOX-025 PHN-031
func (n *Numbering) Place(source, frame, ticks uint32, nowMS int64) (seq uint16, time uint32, fresh, ok bool) {
	if !n.Started || n.Source != source {
		pause := max(1, uint32(min(nowMS-n.SentMS, 1<<20))/uint32(FrameTime.Milliseconds())) * ticks
		*n = Numbering{Started: true, Source: source, oldest: frame, newest: frame, Seq: n.Seq + 1, Time: n.Time + pause, SentMS: nowMS}
		return n.Seq, n.Time, true, true
	}
	ahead := int32(frame - n.newest)
	if ahead > 0 {
		n.newest, n.Seq, n.Time, n.SentMS = frame, n.Seq+uint16(ahead), n.Time+uint32(ahead)*ticks, nowMS
		if int32(frame-n.oldest) > lateMost {
			n.oldest = frame - lateMost
		}
		return n.Seq, n.Time, false, true
	}
	if int32(frame-n.oldest) < 0 {
		return 0, 0, false, false
	}
	return n.Seq + uint16(ahead), n.Time + uint32(ahead)*ticks, false, true
}
