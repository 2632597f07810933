// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"net/netip"
	"strings"
	"sync/atomic"

	"example.org/parley/internal/edge/phone"
	"example.org/parley/internal/home"
	"example.org/parley/internal/node"
	"example.org/parley/internal/voice"
)

// telephones is a line as the telephones of the house meet it.
type telephones struct{ *node.Line }

// Hear gives an extension's desk its ear, or takes it away.
func (t telephones) Hear(desk string, e phone.Listener) {
	if e == nil {
		t.Sound(desk, nil)
		return
	}
	t.Sound(desk, handset{e})
}

// handset is a telephone as a desk's ear: it speaks G.711, and G.722 too where its act says so.
type handset struct{ phone.Listener }

func (handset) Only() string { return voice.ULaw }

// keepPhones joins the telephones of the house to a line until ctx ends; what cannot be opened is tried again.
//
// SPEC: PHN-071
func keepPhones(ctx context.Context, s *service, l *home.Line, n *node.Line, other string, at *atomic.Pointer[phone.Trunk]) {
	why := ""
	for ; ctx.Err() == nil; pause(ctx, tryAgain) {
		e, err := openPhones(s, l, n, other)
		if err == nil {
			at.Store(e)
			<-ctx.Done()
			e.Close()
			return
		}
		if why != err.Error() {
			s.log.Error("the telephones are not joined", "line", l.Name, "err", err)
		}
		why = err.Error()
	}
}

func openPhones(s *service, l *home.Line, n *node.Line, other string) (*phone.Trunk, error) {
	p := &l.Config.Phone
	secret, err := l.PhoneSecret()
	if err != nil {
		return nil, err
	}
	peer, how, _ := p.Peer() // checked with the config
	cfg := phone.Config{Name: other, Trunk: peer, TCP: how != "udp", SRTP: p.SRTP, Bind: netip.MustParseAddrPort(p.Bind), Media: uint16(p.FirstPort()), Account: p.Account, Password: secret, Digest: cmp.Or(p.Digest, "MD5"), Prompt: cmp.Or(p.Prompt, "en")}
	if how == "tls" {
		if cfg.TLS, cfg.Server, err = l.PhoneTLS(); err != nil {
			return nil, err
		}
	}
	for i, x := range p.Extensions {
		cfg.Extensions = append(cfg.Extensions, phone.Extension{Number: x.Number, Desk: p.Desk(i)})
	}
	return phone.New(cfg, telephones{n}, s.log.With("line", l.Name))
}

// Refused is what the ports of the line and of its telephones have not taken, for monitoring. SPEC: NOD-040 LNK-001 PHN-001
func (f *face) Refused() map[string]map[string]uint64 {
	out := map[string]map[string]uint64{}
	if l := f.link.Load(); l != nil {
		out["line"] = l.Refused()
	}
	if t := f.trunk.Load(); t != nil {
		strangers, messages, sound := t.Counts()
		out["telephones"] = map[string]uint64{"strangers": strangers, "messages": messages, "sound": sound}
	}
	return out
}

// ordinary rings ordinary telephones over the trunk, once it is open. SPEC: CHK-036
func ordinary(p *home.Phone, at *atomic.Pointer[phone.Trunk]) func() func(number string, hear func([]byte)) (string, bool) {
	if p.Trunk == "" {
		return nil
	}
	return func() func(string, func([]byte)) (string, bool) {
		t := at.Load()
		if t == nil {
			return nil
		}
		return func(number string, hear func([]byte)) (string, bool) {
			if p.Outside != "" {
				number = p.Outside + strings.Replace(number, "+", "00", 1)
			}
			return t.Test(number, hear)
		}
	}
}
