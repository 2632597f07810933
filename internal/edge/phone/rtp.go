// SPDX-License-Identifier: Apache-2.0

package phone

import "encoding/binary"

const (
	rtpHeader = 12
	frameSize = 160 // a frame of 20 ms
	frameMS   = 20
)

// packet gives what an RTP packet holds.
type packet struct {
	kind    uint8
	seq     uint16
	at      uint32
	source  uint32
	payload []byte
}

// readRTP reads a packet of version 2, without its extension and padding; false where it is none.
//
// SPEC: PHN-030
func readRTP(b []byte) (p packet, ok bool) {
	if len(b) < rtpHeader || b[0]>>6 != 2 {
		return p, false
	}
	at := rtpHeader + 4*int(b[0]&15)
	if b[0]&0x10 != 0 { // extension
		if len(b) < at+4 {
			return p, false
		}
		at += 4 + 4*int(binary.BigEndian.Uint16(b[at+2:]))
	}
	end := len(b)
	if b[0]&0x20 != 0 { // padding
		end -= int(b[end-1])
	}
	if at >= end {
		return p, false
	}
	return packet{b[1] & 0x7f, binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:]), b[at:end]}, true
}

// keyOf gives the key that a telephone-event names.
//
// SPEC: PHN-032
func keyOf(payload []byte) (key byte, ok bool) {
	const keys = "0123456789*#ABCD"
	if len(payload) < 4 || int(payload[0]) >= len(keys) {
		return 0, false
	}
	return keys[payload[0]], true
}

// numbering gives frames of changing sources one unbroken series of RTP numbers and times.
type numbering struct {
	started bool
	source  uint32
	newest  uint32 // number of the source's newest frame
	seq     uint16
	time    uint32
	sentMS  int64
}

// place gives the number and time of a frame; fresh is the first of a source, ok false for one that is too old.
//
// SPEC: PHN-031
func (n *numbering) place(source, frame uint32, nowMS int64) (seq uint16, time uint32, fresh, ok bool) {
	if !n.started || n.source != source {
		pause := uint32(max(1, min(nowMS-n.sentMS, 1<<20)/frameMS)) * frameSize
		*n = numbering{started: true, source: source, newest: frame, seq: n.seq + 1, time: n.time + pause, sentMS: nowMS}
		return n.seq, n.time, true, true
	}
	ahead := int32(frame - n.newest)
	if ahead > 0 {
		n.newest, n.seq, n.time, n.sentMS = frame, n.seq+uint16(ahead), n.time+uint32(ahead)*frameSize, nowMS
	} else if ahead < -64 {
		return 0, 0, false, false
	} else {
		return n.seq + uint16(ahead), n.time + uint32(ahead)*frameSize, false, true
	}
	return n.seq, n.time, false, true
}
