// SPDX-License-Identifier: Apache-2.0

package web

import "encoding/binary"

const (
	rtpHeader    = 12
	opusTicks    = 960 // of 48 kHz, a frame of 20 ms
	frameMS      = 20
	newSourceBit = 0x80
)

// payload gives the frame in an RTP packet, or nil if there is none or the packet is not sound.
//
// SPEC: VOX-024
func payload(b []byte) []byte {
	if len(b) < rtpHeader || b[0]>>6 != 2 {
		return nil
	}
	at := rtpHeader + 4*int(b[0]&15)
	if b[0]&0x10 != 0 { // extension
		if len(b) < at+4 {
			return nil
		}
		at += 4 + 4*int(binary.BigEndian.Uint16(b[at+2:]))
	}
	end := len(b)
	if b[0]&0x20 != 0 { // padding
		end -= int(b[end-1])
	}
	if at >= end {
		return nil
	}
	return b[at:end]
}

// Tracks is how many speakers a browser plays at once.
const Tracks = 4

// freeAfter is how long a track's speaker is silent before another has it, in milliseconds: who speaks sends all the time.
const freeAfter = 1000

// trackOf gives the track of a speaker: his own, else the first that no speaker of his call (the upper bits) has; -1 where
// there is none.
//
// SPEC: VOX-034
func trackOf(tracks *[Tracks]numbering, speaker uint32, nowMS int64) int {
	free := -1
	for i := range tracks {
		t := &tracks[i]
		if t.started && t.source == speaker {
			return i
		}
		if free < 0 && (!t.started || t.source>>8 != speaker>>8 || nowMS-t.sentMS >= freeAfter) {
			free = i
		}
	}
	return free
}

// numbering gives frames of changing sources one unbroken RTP series: a browser that sees
// another's numbers jump falls silent for seconds.
type numbering struct {
	started bool
	source  uint32
	newest  uint32 // frame number of the source's newest frame
	seq     uint16 // what the newest was sent as
	time    uint32
	sentMS  int64
}

// place gives the RTP number and time of a frame of so many ticks; false where it is too old to have one.
//
// SPEC: VOX-025
func (n *numbering) place(source, frame, ticks uint32, nowMS int64) (seq uint16, time uint32, fresh, ok bool) {
	if !n.started || n.source != source {
		pause := max(1, uint32(min(nowMS-n.sentMS, 1<<20))/frameMS) * ticks
		*n = numbering{started: true, source: source, newest: frame, seq: n.seq + 1, time: n.time + pause, sentMS: nowMS}
		return n.seq, n.time, true, true
	}
	ahead := int32(frame - n.newest)
	if ahead > 0 {
		n.newest, n.seq, n.time, n.sentMS = frame, n.seq+uint16(ahead), n.time+uint32(ahead)*ticks, nowMS
		return n.seq, n.time, false, true
	}
	if ahead < -64 {
		return 0, 0, false, false
	}
	return n.seq + uint16(ahead), n.time + uint32(ahead)*ticks, false, true
}
