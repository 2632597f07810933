// SPDX-License-Identifier: Apache-2.0

package link

import (
	"net"

	"golang.org/x/sys/unix"
)

// oneAhead lets the kernel take one frame more than it can send: what waits, waits with us, where the newest goes first.
// SPEC: LNK-044
func oneAhead(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		if raw, err := t.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, 1) })
		}
	}
}
