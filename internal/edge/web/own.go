// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
	"golang.org/x/sys/unix"
)

// ownAddresses opens our port on the addresses that this machine has now: for browsers of other machines, or else on those
// of IPv4 for browsers of its own that connect nothing to loopback. The caller holds e.mu.
//
// SPEC: VOX-020
func (e *Edge) ownAddresses() (muxes []ice.UDPMux) {
	addrs, _ := net.InterfaceAddrs() // without them loopback alone is offered
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err != nil || !e.house && !p.Addr().Is4() || !p.Addr().IsGlobalUnicast() || len(muxes) >= maxOwn {
			continue
		}
		if e.muxes[p.Addr()] == nil {
			listen, at := listenToOurselves, netip.AddrPortFrom(p.Addr(), e.Addr().Port())
			if e.house {
				listen = func(at netip.AddrPort) (*net.UDPConn, error) {
					return net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
				}
			}
			conn, err := listen(at)
			if err != nil {
				e.log.Warn("no sound by UDP at this address", "address", p.Addr(), "err", err)
				continue
			}
			e.muxes[p.Addr()] = webrtc.NewICEUDPMux(e.quiet.NewLogger("ice"), conn)
		}
		muxes = append(muxes, e.muxes[p.Addr()])
	}
	return muxes
}

// listenToOurselves opens a socket to which the kernel gives only what comes from its own address: another machine's
// packets have another, and those that lie about it are dropped by Linux on their way in (martian sources).
func listenToOurselves(at netip.AddrPort) (*net.UDPConn, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, err
	}
	const sourceAddress = -0x100000 + 12 // SKF_NET_OFF: in the IP header
	own, from := at.Addr().As4(), int32(sourceAddress)
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: uint32(from)},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: binary.BigEndian.Uint32(own[:])},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0xffff}, // all of it
		{Code: unix.BPF_RET | unix.BPF_K},            // nothing
	}
	raw, err := conn.SyscallConn()
	if err == nil {
		var set error
		err = raw.Control(func(fd uintptr) {
			set = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
		})
		err = errors.Join(err, set)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}
