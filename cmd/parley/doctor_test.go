// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/parley/internal/cert"
	"example.org/parley/internal/home"
	"example.org/parley/wire"
)

// Of a page for the house the firewall's table says that its desks may pass, to page and sound; else nobody may. SPEC: VOX-040
func TestPortsTellAPageOfTheHouse(t *testing.T) {
	l, _ := lines(t)
	for at, edge := range map[string]string{"127.0.0.1:7480": "127.0.0.1:7481", "line.ops.example:8443": "192.0.2.10:7481", "line.ops.example:8444": "127.0.0.1:7481"} {
		l.Config.Page.At, l.Config.Edge = at, edge
		n := 0
		for _, r := range portsOf(l) {
			if r.House {
				n++
			}
		}
		if want := map[bool]int{true: 0, false: 3}[at == "127.0.0.1:7480"]; n != want {
			t.Errorf("%s: %d rows are of the house, not %d", at, n, want)
		}
	}
}

// ports names the trunk and the ports of the sound, doctor an address that this machine does not have and a password that
// is not there.
// SPEC: CLI-060 CLI-061 PHN-070 PHN-071
func TestPortsAndDoctorKnowTheTelephones(t *testing.T) {
	l, _ := lines(t)
	l.Config.Phone = home.Phone{Trunk: "sip:192.0.2.20;transport=tcp", Bind: "192.0.2.10:5060", Account: "parley"}
	var rows []string
	for _, r := range portsOf(l) {
		if r.Trunk {
			rows = append(rows, r.Protocol+" "+r.Here+" "+r.There)
		}
	}
	if got := strings.Join(rows, "; "); got != "TCP 192.0.2.10:5060 192.0.2.20:5060; UDP 192.0.2.10:16384-16415 192.0.2.20" {
		t.Error(got)
	}
	d := &doctor{app: &app{stdio: stdio{nil, &bytes.Buffer{}, nil}, lang: "en"}, line: "north"}
	d.telephones(l, false)
	if len(d.out) != 2 || !strings.Contains(d.out[0].What, "no address 192.0.2.10:5060") || !strings.Contains(d.out[1].What, "phone.secret") {
		t.Errorf("%+v", d.out)
	}
}

// Of a port that this account may not have doctor names the path and the drop-in, where the package puts it; of a trunk over TLS the
// certificate without which no connection is taken.
// SPEC: CLI-060 PHN-006
func TestDoctorNamesTheDropInAndTheCertificate(t *testing.T) {
	l, _ := lines(t)
	d := &doctor{app: &app{stdio: stdio{nil, &bytes.Buffer{}, nil}, lang: "en"}, line: "north"}
	if d.noRight(syscall.EADDRINUSE, "web", "192.0.2.1:443") || !d.noRight(&net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EACCES)}, "web", "192.0.2.1:443") {
		t.Fatal("another fault is taken for a missing right, or it for another")
	}
	from, to := "/usr/share/doc/parley/port443.conf", "/etc/systemd/system/parley.service.d/port443.conf"
	if f := d.out[0]; !strings.HasPrefix(f.What, "path web: ") || !strings.Contains(f.What, "192.0.2.1:443") || !strings.Contains(f.Do, "install -D -m 644 "+from+" "+to) {
		t.Errorf("%+v", f)
	}
	for want, name := range map[string]string{"src: packaging/port443.conf, dst: " + from: "nfpm.yaml", "dst: /usr/lib/systemd/system/parley.service": "nfpm.yaml", "AmbientCapabilities=CAP_NET_BIND_SERVICE": "port443.conf"} {
		if b, err := os.ReadFile("../../packaging/" + name); err != nil || !bytes.Contains(b, []byte(want)) {
			t.Errorf("%s lacks %q: %v", name, want, err)
		}
	}
	said := func(trunk string) string {
		d.out, l.Config.Phone = nil, home.Phone{Trunk: trunk, Bind: "127.0.0.1:0"}
		d.telephones(l, false)
		var out []string
		for _, f := range d.out {
			out = append(out, f.What+" -> "+f.Do)
		}
		return strings.Join(out, "; ")
	}
	if s := said("sips:127.0.0.2"); strings.Count(s, " -> ") != 1 || !strings.Contains(s, "phone.crt is not there") || !strings.Contains(s, "phone.key") {
		t.Errorf("over TLS: %q", s)
	}
	if s := said("sip:127.0.0.2"); s != "" {
		t.Errorf("over UDP: %q", s)
	}
}

// Of a page of the house doctor says until when its certificate is, and why it is not renewed.
// SPEC: CLI-061 PAG-066
func TestDoctorTellsUntilWhenTheCertificateIs(t *testing.T) {
	l, _ := lines(t)
	h := home.Home{Dir: filepath.Dir(filepath.Dir(l.Dir))}
	day, now := 24*time.Hour, time.Now()
	said := func(at time.Time) string {
		d := &doctor{app: &app{stdio: stdio{nil, &bytes.Buffer{}, nil}, lang: "en", dir: h.Dir}, line: "north"}
		d.certificate(l, at)
		return d.text()
	}
	if got := said(now); got != "" {
		t.Errorf("of a page on loopback: %s", got)
	}
	l.Config.Page.At = "line.ops.example:8443"
	if got := said(now); !strings.Contains(got, "WRONG") || !strings.Contains(got, "there is no certificate for line.ops.example") || !strings.Contains(got, "parley cert own") {
		t.Errorf("of none: %s", got)
	}
	c := cert.Of(h, "line.ops.example")
	if _, err := c.Own(); err != nil {
		t.Fatal(err)
	}
	until := now.Add(90 * day).UTC().Format("2006-01-02")
	for at, want := range map[time.Duration]string{0: "ok        north: the certificate of line.ops.example: until " + until, 60 * day: "LOOK      north: the certificate of line.ops.example ends on " + until + ", and was not renewed", 91 * day: "WRONG     north: the certificate of line.ops.example ended on " + until} {
		if got := said(now.Add(at)); !strings.HasPrefix(got, want) {
			t.Errorf("after %v: %s\nwant: %s", at, got, want)
		}
	}
	if err := os.Chmod(filepath.Join(c.Dir, "authority.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := said(now); !strings.Contains(got, "WRONG") || !strings.Contains(got, until+", and cannot be renewed: ") || !strings.Contains(got, "others may have read it") {
		t.Errorf("of an authority whose key is of use no more: %s", got)
	}
	if err := os.Remove(filepath.Join(c.Dir, "authority.pem")); err != nil { // as where the house made it
		t.Fatal(err)
	}
	if got := said(now); !strings.HasPrefix(got, "ok ") {
		t.Errorf("of the house's: %s", got)
	}
	if got := said(now.Add(70 * day)); !strings.Contains(got, "LOOK") || !strings.Contains(got, "the house renews it") {
		t.Errorf("of the house's, near its end: %s", got)
	}
}

// doctor says of a path which direction is blocked, as far as one end can see, and asks for that path.
// SPEC: CLI-060 CLI-061
func TestDoctorNamesTheBlockedDirection(t *testing.T) {
	l, _ := lines(t)
	l.Config.Paths[0].Bind, l.Config.Paths[0].Remote = "192.0.2.1:7443", "192.0.2.2:7443"
	now := time.Now()
	out, in := "UDP from 192.0.2.1:7443 to 192.0.2.2:7443 is blocked", "UDP from 192.0.2.2:7443 to 192.0.2.1:7443 is blocked"
	down := now.Add(-time.Minute)
	for want, p := range map[string]wire.PathState{
		"open in both directions":                  {WeHear: true, TheyHear: true},
		"what we send does not: " + out:            {WeHear: true},
		"what they send arrives; what we send":     {Since: down, Knocked: now.Add(-3 * time.Second)},
		"what they send does not: " + in:           {TheyHear: true},
		"and their node runs: " + in:               {Since: down, Label: "heard"},
		"their node does not run, or UDP":          {Since: down},
		"their node does not run, or " + in:        {Since: now, Knocked: now.Add(-time.Second)}, // it greeted before the path was lost
		"nothing of theirs arrives: their node do": {Since: down, Knocked: now.Add(-30 * time.Second)},
	} {
		d := &doctor{app: &app{stdio: stdio{nil, &bytes.Buffer{}, nil}, lang: "en"}, line: "north"}
		d.path(l, 0, p, p.Label == "heard", now)
		if len(d.out) != 1 || !strings.Contains(d.out[0].What, want) {
			t.Errorf("%+v: %+v, want %q", p, d.out, want)
		}
		if whole := p.WeHear && p.TheyHear; whole != (d.out[0].State == fine) || whole == strings.Contains(d.out[0].Do, "let UDP pass between 192.0.2.1:7443 and 192.0.2.2:7443") {
			t.Errorf("%+v: %+v", p, d.out)
		}
	}
}

// Of a path on which only small packets pass it says in which direction, and what to ask; of one over TCP why nobody answers.
// With --from-peer it says what the other end's node told of it.
// SPEC: CLI-061 CLI-064
func TestDoctorTellsWhatTheOtherEndSees(t *testing.T) {
	l, _ := lines(t)
	l.Config.Paths[0].Bind, l.Config.Paths[0].Remote = "192.0.2.1:7443", "192.0.2.2:7443"
	now := time.Now()
	said := func(p wire.PathState, peer bool) string {
		d := &doctor{app: &app{stdio: stdio{nil, &bytes.Buffer{}, nil}, lang: "en"}, line: "north"}
		d.path(l, 0, p, true, now)
		if peer {
			d.fromPeer("radio", p, now)
		}
		return d.text()
	}
	for want, p := range map[string]wire.PathState{
		"full size from 192.0.2.1:7443 to 192.0.2.2:7443 do not": {WeHear: true, TheyHear: true, NarrowOut: true},
		"full size from 192.0.2.2:7443 to 192.0.2.1:7443 do not": {WeHear: true, TheyHear: true, NarrowIn: true},
		"the other way too (nothing listens at their address)":   {Reason: "nothing listens at their address"},
	} {
		if got := said(p, false); !strings.Contains(got, want) || !strings.Contains(got, "WRONG") || !strings.Contains(got, "packets of 1,228 bytes") {
			t.Errorf("%s\nlacks: %s", got, want)
		}
	}
	if got := said(wire.PathState{WeHear: true, TheyHear: true, NarrowOut: true, NarrowIn: true}, false); strings.Count(got, "full size from 192.0.2.") != 2 {
		t.Errorf("of a path that is narrow both ways it says: %s", got)
	}
	for want, r := range map[string]*wire.Sight{
		"said nothing of it for a minute":              nil,
		"they hear us, at 203.0.113.9:4011, 3s ago":    {Hears: true, From: netip.MustParseAddrPort("203.0.113.9:4011")},
		"cannot listen at its own address":             {Deaf: true},
		"our greetings arrive, and nothing of theirs ": {Knocked: 2 * time.Second},
		"nothing of ours arrives":                      {Knocked: time.Hour},
	} {
		if r != nil {
			r.At = now.Add(-3 * time.Second)
		}
		if got := said(wire.PathState{They: r}, true); !strings.Contains(got, "path radio, from their end: ") || !strings.Contains(got, want) {
			t.Errorf("%s\nlacks: %s", got, want)
		}
	}
}
