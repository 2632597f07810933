// SPDX-License-Identifier: Apache-2.0

package link

import (
	"crypto/ed25519"
	"errors"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Of two addresses one is not here at first: the other path comes up all the same, the missing one says why it is
// down, and comes up by itself once it is there.
// SPEC: LNK-023
func TestMissingAddressHoldsUpNoOther(t *testing.T) {
	var here atomic.Bool
	loopback := netip.MustParseAddrPort("127.0.0.1:0")
	late := netip.MustParseAddrPort("127.0.0.1:1")
	listen := func(a netip.AddrPort) (Socket, error) {
		if a != late {
			return listenUDP(a)
		}
		if !here.Load() {
			return nil, syscall.EADDRNOTAVAIL
		}
		return listenUDP(loopback)
	}
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Open(Config{Run: "abc123", Key: key, Peers: []ed25519.PublicKey{pub}, Binds: []netip.AddrPort{loopback, late}, Listen: listen,
		Paths: []PathConfig{{Label: "1"}, {Label: "2", Bind: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close("")
	ps := l.Paths()
	if ps[0].Why != nil || ps[0].Local.Port() == 0 {
		t.Errorf("path 1: %+v", ps[0])
	}
	if ps[0].Shut || !ps[1].Shut || !errors.Is(ps[1].Why, syscall.EADDRNOTAVAIL) || !strings.Contains(ps[1].Why.Error(), "127.0.0.1:1") {
		t.Errorf("path 2: %v", ps[1].Why)
	}
	here.Store(true)
	for end := time.Now().Add(20 * time.Second); l.Paths()[1].Why != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it is not tried again: ", l.Paths()[1].Why)
		}
	}
}

// A link whose address never comes ends when it is told to.
// SPEC: LNK-023
func TestLinkEndsWhileAnAddressIsMissing(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Open(Config{Run: "abc123", Key: key, Peers: []ed25519.PublicKey{pub}, Binds: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:1")},
		Listen: func(netip.AddrPort) (Socket, error) { return nil, syscall.EADDRNOTAVAIL }, Paths: []PathConfig{{Label: "1"}}})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { l.Close(""); close(ended) }()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Error("it does not end")
	}
}
