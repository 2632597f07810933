// SPDX-License-Identifier: Apache-2.0

package link

import (
	"net"
	"syscall"
	"testing"
	"time"

	"example.org/parley/wire"

	"golang.org/x/sys/unix"
)

// However long the other end reads nothing, the kernel holds one frame at most that it has not sent: the others wait with us.
// SPEC: LNK-044
func TestOneFrameUnsentInTheKernel(t *testing.T) {
	ln, err := (&net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<10) })
	}}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ours, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	m, _ := muxed(t, ours, theirs)
	raw, err := ours.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for held, n := 0, 0; held < 100 && n < 4000; n++ { // looks at which the writer waited
		m.mu.Lock()
		waits := m.urgent.n > 0
		m.mu.Unlock()
		if held++; !waits {
			held = 0
			m.send(wire.LaneUrgent, make([]byte, 150), m.from)
		}
		unsent := 0
		if err := raw.Control(func(fd uintptr) { unsent, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQNSD) }); err != nil {
			t.Fatal(err)
		}
		if unsent > 150+100 { // with what TLS and the mux add
			t.Fatalf("after %d frames %d bytes are not sent", n, unsent)
		}
		time.Sleep(time.Millisecond)
	}
}
