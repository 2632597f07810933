// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/binary"

	"example.org/parley/internal/voice"
)

const (
	rtpHeader    = 12
	opusTicks    = 960 // of 48 kHz, a frame of 20 ms
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
func trackOf(tracks *[Tracks]voice.Numbering, speaker uint32, nowMS int64) int {
	free := -1
	for i := range tracks {
		t := &tracks[i]
		if t.Started && t.Source == speaker {
			return i
		}
		if free < 0 && (!t.Started || t.Source>>8 != speaker>>8 || nowMS-t.SentMS >= freeAfter) {
			free = i
		}
	}
	return free
}
