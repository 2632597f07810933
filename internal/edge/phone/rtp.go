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
