// SPDX-License-Identifier: Apache-2.0

package link

import (
	"net"

	"golang.org/x/sys/unix"
)

// oneAhead lets the kernel take one frame more than it can send: what waits, waits with us, where the newest goes first. A
// write itself is not bound by TCP_NOTSENT_LOWAT, so sent waits until a poll says that all is sent, or for the deadline.
// SPEC: LNK-044
func oneAhead(c net.Conn) (sent func() error) {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return func() error { return nil }
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return func() error { return err }
	}
	_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, 1) })
	p := make([]unix.PollFd, 1)
	ready := func(fd uintptr) bool {
		p[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLOUT}
		n, err := unix.Poll(p, 0)
		return n > 0 || err != nil // what is wrong with it the write will say
	}
	return func() error { return raw.Write(ready) }
}
