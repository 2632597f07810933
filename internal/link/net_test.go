// SPDX-License-Identifier: Apache-2.0

package link

import (
	"net"
	"net/netip"
	"testing"
)

// freePort reserves a UDP port of the loopback for a moment.
func freePort(t *testing.T) netip.AddrPort {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}
