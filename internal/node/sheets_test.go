// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"example.org/parley/internal/alarm"
	"example.org/parley/internal/home"
	"example.org/parley/party"
	"example.org/parley/words"
)

// A sheet that is not taken is on both boards, with the reason in words of each language; what a peer invents is not.
// SPEC: SHT-010 SHT-015
func TestASheetThatIsNotTakenIsOnBothBoards(t *testing.T) {
	boards := func(l *Line, lang string) (out []string) {
		l.sheetConditions(func(id, key string, w alarm.Detail) { out = append(out, id+" "+key+": "+w.In(lang)) })
		return out
	}
	for _, why := range []string{"reach", "many", "ends", "form", "asks"} {
		here, there := &Line{}, &Line{}
		here.cfg.Us.Name, here.cfg.Them.Name = "borealia", "aurelia"
		there.cfg.Us.Name, there.cfg.Them.Name = "aurelia", "borealia"
		here.issued.not = untaken{7, why}
		b, _ := json.Marshal(peerDesks{Sheet: here.issued.not})
		if err := json.Unmarshal(b, &there.peer.state); err != nil {
			t.Fatal(err)
		}
		if got := boards(there, "en"); len(got) != 0 {
			t.Error("of a peer that is not up: ", got)
		}
		there.peer.up = true
		for _, l := range words.Langs() {
			want := []string{"A8 aurelia: " + words.T(l, "at.untaken", "aurelia", "7", "borealia", words.T(l, "at.untaken."+why))}
			if a, b := boards(here, l), boards(there, l); !slices.Equal(a, want) || !slices.Equal(b, want) || strings.Contains(want[0], "@") {
				t.Errorf("%v, %v, want %v", a, b, want)
			}
		}
	}
	l := &Line{}
	l.cfg.Us.Name, l.issued.ending, l.issued.ours = "aurelia", true, true
	if got := boards(l, "en"); len(got) != 1 || !strings.Contains(got[0], "A8 aurelia: the issue that ends our key waits") {
		t.Error(got)
	}
	l = &Line{}
	l.peer.up, l.peer.state.Sheet = true, untaken{7, "\x1b[2J"}
	if got := boards(l, "en"); len(got) != 0 {
		t.Error(got)
	}
}

// A node goes on by an issue only where it listens at all addresses of it.
// SPEC: SHT-015
func TestANodeThatCannotListenDoesNotGoOn(t *testing.T) {
	l := &Line{link: noLink{{Label: "1"}, {Label: "2", Why: errors.New("no answer")}}}
	l.cfg.Home = &home.Line{Dir: t.TempDir(), Ours: &party.Sheet{Issue: 2}}
	if l.soon() {
		t.Error("it listens and does not go on")
	}
	if l.linkErr = errors.New("no sessions"); !l.soon() {
		t.Error("it goes on without sessions")
	}
	if l.linkErr, l.link = nil, (noLink{{Label: "1"}, {Label: "2", Shut: true}}); !l.soon() {
		t.Error("it goes on where it cannot listen")
	}
}

// An address at which this machine cannot listen is refused with the reason, over UDP and TCP, before anything is signed; one at
// which the node listens already is not.
// SPEC: SHT-012
func TestAnAddressThatCannotBeBoundIsRefused(t *testing.T) {
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	c, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	udp, tcp := u.LocalAddr().String(), "tcp:"+c.Addr().String()
	for bind, want := range map[string]string{
		udp: "another program has " + udp, tcp: "another program has " + tcp, "192.0.2.7:7443": "this machine has no address 192.0.2.7",
		"tcp:192.0.2.7:443": "this machine has no address 192.0.2.7",
	} {
		if err := bindable(nil, home.Path{Bind: bind}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", bind, err)
		}
		if err := bindable([]home.Path{{Bind: bind}}, home.Path{Bind: bind}); err != nil {
			t.Errorf("%s, where we listen: %v", bind, err)
		}
	}
	if err := bindable(nil, home.Path{Bind: fmt.Sprint("127.0.0.77:", 20000)}); err != nil {
		t.Error(err)
	}
}
