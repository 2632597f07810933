// SPDX-License-Identifier: Apache-2.0

package link

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// dscp is the control message that marks one packet as Expedited Forwarding.
func dscp(is4 bool) []byte {
	b := make([]byte, unix.CmsgSpace(4))
	level, typ := uint32(unix.IPPROTO_IPV6), uint32(unix.IPV6_TCLASS)
	if is4 {
		level, typ = unix.IPPROTO_IP, unix.IP_TOS
	}
	head := unix.CmsgLen(0)
	if head == 16 { // 64-bit: size_t, int, int
		binary.NativeEndian.PutUint64(b, uint64(unix.CmsgLen(4)))
	} else {
		binary.NativeEndian.PutUint32(b, uint32(unix.CmsgLen(4)))
	}
	binary.NativeEndian.PutUint32(b[head-8:], level)
	binary.NativeEndian.PutUint32(b[head-4:], typ)
	binary.NativeEndian.PutUint32(b[head:], 0xb8) // EF is 46, in the upper six bits
	return b
}
