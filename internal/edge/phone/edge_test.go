// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"example.org/parley/call"
	"example.org/parley/internal/act"
	"example.org/parley/internal/voice"
	"example.org/parley/statement"
)

// fakeLine is a line with one call whose state the test sets.
type fakeLine struct {
	mu      sync.Mutex
	live    call.Live
	acts    []string
	changed chan struct{}
	ears    map[string]Listener
	heard   voice.Ear
	frames  uint32
	newest  []byte // frame of a telephone
	refuse  error
	breaks  bool                                         // a frame that it is given makes it panic
	rings   byte                                         // that went out
	first   func(ctx context.Context, verb string)       // before an act is made
	disk    func(ctx context.Context, verb string) error // after it: the commit
}

func newFakeLine() *fakeLine {
	return &fakeLine{live: call.Live{State: call.Idle}, changed: make(chan struct{}, 1), ears: map[string]Listener{}}
}

func (f *fakeLine) set(change func(*call.Live)) {
	f.mu.Lock()
	change(&f.live)
	f.mu.Unlock()
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

func (f *fakeLine) Do(ctx context.Context, who act.Who, _ string, a act.Act) (act.Reply, error) {
	if f.first != nil {
		f.first(ctx, a.Verb())
	}
	f.mu.Lock()
	f.acts = append(f.acts, fmt.Sprintf("%s %s %+v", who.Desk, a.Verb(), a))
	err := f.refuse
	f.mu.Unlock()
	if err != nil && a.Verb() == "answer" {
		return act.Reply{}, err
	}
	by := statement.Author{Desk: who.Desk, Known: who.Known}
	var of string
	switch a := a.(type) {
	case act.Answer:
		of = a.Call
	case act.HangUp:
		of = a.Call
	case act.Decline:
		of = a.Call
	}
	if live := f.Live(); of != "" && of != live.ID.String() {
		return act.Reply{}, call.ErrNoCall
	}
	switch a.(type) {
	case act.Answer:
		f.set(func(l *call.Live) { l.State, l.By = call.Connected, by })
	case act.Ring:
		f.set(func(l *call.Live) {
			f.rings++
			if n := (call.Live{State: call.Calling, Out: true, ID: call.ID{9, f.rings}, By: by}); l.State == call.Idle {
				*l = n
			} else {
				n.State, n.Outcome.What = call.Idle, call.BusyWithUs
				l.Last = &n
			}
		})
	case act.HangUp:
		f.set(func(l *call.Live) {
			if last := *l; l.State == call.Idle || l.State == call.RingingHere {
				err = call.ErrNoCall
			} else {
				*l = call.Live{State: call.Idle, Last: &last}
			}
		})
		if err != nil {
			return act.Reply{}, err
		}
	case act.Decline:
		f.set(func(l *call.Live) { *l = call.Live{State: call.Idle} })
	}
	if f.disk != nil {
		return act.Reply{}, f.disk(ctx, a.Verb())
	}
	return act.Reply{}, nil
}

func (f *fakeLine) Live() call.Live {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.live
}

func (f *fakeLine) Subscribe(string) (<-chan struct{}, func()) { return f.changed, func() {} }

func (f *fakeLine) Microphone(_ string, frame []byte) {
	f.mu.Lock()
	if f.breaks {
		f.mu.Unlock()
		panic("a frame")
	}
	f.heard.Hear(f.frames, frame)
	f.newest = bytes.Clone(frame)
	f.frames++
	f.mu.Unlock()
}

func (f *fakeLine) Hear(desk string, e Listener) {
	f.mu.Lock()
	f.ears[desk] = e
	f.mu.Unlock()
}

func (f *fakeLine) Narrow() { f.set(func(l *call.Live) { l.Codec = call.ULaw }) }

func (f *fakeLine) did(what string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.acts, func(s string) bool { return strings.HasPrefix(s, what) })
}

// pbx is a PBX on the loopback network: what it does with a request is the test's.
type pbx struct {
	t     *testing.T
	at    netip.AddrPort
	write func(string)
	on    func(*sip.Request) // guarded by mu
	mu    sync.Mutex
	log   []string // methods and statuses that came
	quiet bool     // of a flood: only OPTIONS is kept
	tls   *tls.Config
	ears  uint16 // where its telephones hear; 0: 20000
	last  map[string]*sip.Request
	oks   map[string]*sip.Response
}

func (p *pbx) took(b []byte) {
	m, err := sip.ParseMessage(b)
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if res, ok := m.(*sip.Response); p.quiet && ok && res.CSeq().MethodName != sip.OPTIONS {
		return
	}
	switch m := m.(type) {
	case *sip.Response:
		p.log = append(p.log, fmt.Sprint(m.StatusCode, " ", m.CSeq().MethodName))
		p.oks[fmt.Sprint(m.StatusCode, " ", m.CSeq().MethodName)] = m
	case *sip.Request:
		p.log = append(p.log, string(m.Method)+" "+m.Recipient.User)
		p.last[string(m.Method)+" "+m.Recipient.User] = m
		p.on(m)
	}
}

func (p *pbx) has(what string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.log, what)
}

func (p *pbx) request(what string) *sip.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last[what]
}

// sdp is what it says of its sound.
func (p *pbx) sdp() string {
	return strings.NewReplacer("192.0.2.20", p.at.Addr().String(), "20000", fmt.Sprint(cmp.Or(p.ears, 20000))).Replace(theirSDP)
}

// serve opens the PBX for a trunk that is at to; each telephone answers as phones says, by number.
func (p *pbx) serve(tcp bool, to netip.AddrPort, phones map[string]int) {
	p.t.Helper()
	p.last, p.oks = map[string]*sip.Request{}, map[string]*sip.Response{}
	p.on = func(m *sip.Request) {
		code := phones[m.Recipient.User]
		switch m.Method {
		case "OPTIONS", "BYE", "CANCEL":
			p.write(respond(m, 200, "pbx", "", ""))
			if m.Method == "CANCEL" {
				if inv := p.last["INVITE "+m.Recipient.User]; inv != nil {
					p.write(respond(inv, 487, "ph", "", ""))
				}
			}
		case "REGISTER":
			if header(m, "Authorization") == "" {
				p.write(respond(m, 401, "pbx", "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\r\n", ""))
				return
			}
			p.write(respond(m, 200, "pbx", "Expires: 300\r\n", ""))
		case "INVITE":
			if code != 0 {
				p.write(respond(m, 180, "ph", "", ""))
			}
			if code == 200 {
				p.write(respond(m, 200, "ph", "", p.sdp()))
			} else if code > 200 {
				p.write(respond(m, code, "ph", "", ""))
			}
		}
	}
	if tcp {
		ln, err := net.Listen("tcp", p.at.String())
		if err != nil {
			p.t.Fatal(err)
		}
		p.t.Cleanup(func() { ln.Close() })
		if p.tls != nil {
			ln = tls.NewListener(ln, &tls.Config{Certificates: p.tls.Certificates})
		}
		go func() {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			p.write = func(s string) { _, _ = c.Write([]byte(s)) }
			buf, par := make([]byte, 4096), sip.NewParser().NewSIPStream()
			for {
				n, err := c.Read(buf)
				if err != nil {
					return
				}
				_ = par.ParseSIPStream(buf[:n], func(m sip.Message) { p.took([]byte(m.String())) })
			}
		}()
	} else {
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(p.at))
		if err != nil {
			p.t.Fatal(err)
		}
		p.t.Cleanup(func() { conn.Close() })
		p.write = func(s string) { _, _ = conn.WriteToUDPAddrPort([]byte(s), to) }
		go func() {
			buf := make([]byte, 65536)
			for {
				n, _, err := conn.ReadFromUDPAddrPort(buf)
				if err != nil {
					return
				}
				p.took(buf[:n])
			}
		}()
	}
}

// house is an edge, its PBX and its line.
type house struct {
	*pbx
	line *fakeLine
	edge *Trunk
	logs *bytes.Buffer
}

// nextPort is below what the system gives away, and another of each process that runs these tests.
var nextPort = 10050 + uint16(os.Getpid()%200)*100

// free takes the next hundred ports, of which the telephones' and those of their sound are nobody's.
func free(t *testing.T) {
	t.Helper()
	for range 200 {
		if nextPort += 100; nextPort >= 32000 {
			nextPort = 10050
		}
		taken := false
		listens := func(c io.Closer, err error) {
			if taken = taken || err != nil; err == nil {
				c.Close()
			}
		}
		for i := range uint16(34) {
			at := func(host string) string { return fmt.Sprint(host, ":", nextPort+i) }
			c, err := net.ListenPacket("udp", at("127.0.0.1"))
			listens(c, err)
			if i < 2 {
				c, err := net.ListenPacket("udp", at("127.0.0.2"))
				listens(c, err)
				for _, host := range []string{"127.0.0.1", "127.0.0.2"} {
					l, err := net.Listen("tcp", at(host))
					listens(l, err)
				}
			}
		}
		if !taken {
			return
		}
	}
	t.Fatal("no port is free")
}

// trunkOf starts a PBX and an edge that has it as a fixed peer. Each telephone answers as phones says, by number.
func trunkOf(t *testing.T, tcp bool, phones map[string]int, change ...func(*Config)) *house {
	t.Helper()
	free(t)
	h := &house{line: newFakeLine(), logs: &bytes.Buffer{}, pbx: &pbx{t: t, at: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), nextPort)}}
	cfg := Config{Name: "borealia", Trunk: h.at, TCP: tcp, Bind: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), nextPort), Media: nextPort + 2, Digest: "MD5", Prompt: "en",
		Extensions: []Extension{{"201", "extension 201"}, {"202", "extension 202"}}}
	for _, f := range change {
		f(&cfg)
	}
	h.tls = cfg.Server
	h.serve(tcp, cfg.Bind, phones)
	var err error
	if h.edge, err = New(cfg, h.line, slog.New(slog.NewTextHandler(h.logs, nil))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.edge.Close() })
	h.wait("both extensions are armed", func() bool {
		return h.line.did("extension 201 desk {Armed:true") && h.line.did("extension 202 desk {Armed:true")
	})
	return h
}

func slogTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

func (h *house) wait(what string, ok func() bool) {
	h.t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.t.Fatalf("not in 20 s: %s\nthe PBX took %v\nthe line was told %v", what, h.log, h.line.acts)
		}
	}
}

func (h *house) rings(id byte) {
	h.line.set(func(l *call.Live) { *l = call.Live{State: call.RingingHere, ID: call.ID{id}} })
}

// loop runs f as a step of the edge's loop.
func (h *house) loop(f func()) {
	ran := make(chan struct{})
	h.edge.post(func() { f(); close(ran) })
	<-ran
}

// from201 is a request of a call of extension 201 to us.
func (h *house) from201(method, id string, cseq int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	tag := ""
	if ok := h.oks["200 INVITE"]; ok != nil && method != "CANCEL" {
		tag, _ = ok.To().Params.Get("tag")
	}
	body := ""
	if method == "INVITE" {
		body = strings.ReplaceAll(theirSDP, "192.0.2.20", "127.0.0.2")
	}
	return strings.NewReplacer("192.0.2.20:5060", h.at.String(), "192.0.2.20", "127.0.0.2", "CANCEL;rport", "INVITE;rport").Replace(request(method, id, cseq, tag, "", body))
}

// TestCallsWaitForNoDisk: while the store takes nothing, an extension that calls hears how the call stands and is connected, one
// that lifts is, and both stay in their calls when the node gives up waiting.
func TestCallsWaitForNoDisk(t *testing.T) {
	// SPEC: PHN-053
	stalled := func() (*house, chan struct{}) {
		h, recovers := trunkOf(t, false, map[string]int{"201": 200}), make(chan struct{})
		h.loop(func() {
			h.line.disk = func(ctx context.Context, verb string) error {
				if verb == "desk" {
					return nil
				}
				select {
				case <-recovers:
				case <-ctx.Done():
				}
				return context.DeadlineExceeded // its time is over
			}
		})
		return h, recovers
	}
	for _, in := range []bool{true, false} {
		h, recovers := stalled()
		if in {
			h.write(h.in("line"))
			h.wait("rung", func() bool { return h.line.did("extension 201 ring {") })
			h.line.set(func(l *call.Live) { l.State = call.RingingThere })
			h.wait("it rings there", func() bool { return h.has("180 INVITE") })
			h.line.set(func(l *call.Live) { l.State = call.Connected })
			h.wait("answered", func() bool { return h.has("200 INVITE") })
		} else {
			h.rings(1)
			h.wait("answered", func() bool { return h.line.did("extension 201 answer {") })
		}
		var free bool
		h.wait("the line's call shows it", func() bool {
			h.loop(func() { free = h.edge.phones[0].doing == nil })
			return free
		})
		close(recovers)
		for range 10 { // steps of the loop after it
			h.loop(func() { h.edge.look() })
		}
		h.loop(func() {
			if l := h.edge.phones[0].leg; l == nil || l.state != up {
				t.Errorf("called in: %v: the telephone was hung up", in)
			}
		})
	}
}

// TestStopWaitsForTheDisk: a STOP is waited for as long as the store takes, and who keyed it hears whether it was sent: a tone and
// a sentence of each.
func TestStopWaitsForTheDisk(t *testing.T) {
	// SPEC: PHN-040
	for sentence, refused := range map[string]error{"sent": nil, "failed": errors.New("no room")} {
		h, bounded := trunkOf(t, false, nil), make(chan bool, 1)
		h.loop(func() {
			h.line.disk = func(ctx context.Context, verb string) error {
				if verb != "stop" {
					return nil
				}
				_, ends := ctx.Deadline()
				bounded <- ends
				return refused
			}
		})
		h.write(h.in(stopKeys))
		h.wait("answered", func() bool { return h.has("200 INVITE") })
		var m *media
		h.loop(func() {
			p := h.edge.phones[0]
			m = p.media
			for _, k := range []byte(stopKeys) {
				h.edge.key(p, p.leg, k)
			}
		})
		if <-bounded {
			t.Error("the node gives a STOP up that may have been said")
		}
		want := says(map[string][][voice.FrameBytes]byte{"sent": sentSignal, "failed": failSignal}[sentence], "en", sentence)
		h.wait("it is told: "+sentence, func() bool {
			m.out.Lock()
			defer m.out.Unlock()
			left := len(m.out.signal)
			return left > len(want)/2 && left <= len(want) && slices.Equal(m.out.signal, want[len(want)-left:])
		})
	}
}

// TestNotItsCall: what a telephone does that is in no call of the line ends no call of another desk.
func TestNotItsCall(t *testing.T) {
	// SPEC: PHN-053
	pageTalks := func() *house {
		h := trunkOf(t, false, nil)
		h.line.set(func(l *call.Live) {
			*l = call.Live{State: call.Connected, ID: call.ID{3}, By: statement.Author{Desk: "page-1"}}
		})
		return h
	}
	stands := func(h *house) {
		t.Helper()
		h.wait("no leg is left", func() (none bool) {
			h.loop(func() { none = h.edge.phones[0].leg == nil })
			return none
		})
		for range 10 {
			h.loop(h.edge.look)
		}
		h.edge.Close() // acts under way end
		if h.line.did("extension 201 hang-up") {
			t.Error("the call of the page's desk was hung up")
		}
	}
	h := pageTalks() // a STOP is dialled, and no sound comes
	h.write(h.in(stopKeys))
	h.wait("answered", func() bool { return h.has("200 INVITE") })
	h.loop(func() { h.edge.phones[0].since = time.Now().Add(-startIn - time.Second) })
	stands(h)

	h = pageTalks() // the line is rung, which is busy; the telephone gives up before it is told so
	committed := make(chan struct{})
	h.loop(func() {
		h.line.disk = func(context.Context, string) error { <-committed; return nil }
	})
	h.write(h.from201("INVITE", "a", 1))
	h.wait("rung", func() bool { return h.line.did("extension 201 ring {") })
	h.write(h.from201("CANCEL", "a", 1))
	h.wait("cancelled", func() bool { return h.has("487 INVITE") })
	close(committed)
	stands(h)
}

// TestActsInOrder: whatever overtakes what on the way to the line, it is in a call, or rings out, for no desk without a
// telephone; and a telephone that dials again at once rings anew.
func TestActsInOrder(t *testing.T) {
	// SPEC: PHN-053
	slow := func(phones map[string]int, verb string) (*house, chan struct{}) {
		h, comes, once := trunkOf(t, false, phones), make(chan struct{}), sync.Once{}
		h.loop(func() {
			h.line.first = func(_ context.Context, v string) {
				if v == verb {
					once.Do(func() { <-comes })
				}
			}
		})
		return h, comes
	}
	idle := func(h *house) func() bool { return func() bool { return h.line.Live().State == call.Idle } }
	h, comes := slow(map[string]int{"201": 200}, "answer")
	h.rings(1)
	var l *leg
	h.wait("it lifts", func() bool {
		h.loop(func() { l = h.edge.phones[0].leg })
		return l != nil && h.has("ACK 201")
	})
	h.loop(func() { l.end("hung up", 0) })
	h.loop(h.edge.look)
	time.Sleep(20 * time.Millisecond) // for a hang-up that would overtake it
	close(comes)
	h.wait("the call is over", idle(h))

	h, comes = slow(nil, "ring")
	h.write(h.from201("INVITE", "a", 1))
	h.wait("trying", func() bool { return h.has("100 INVITE") })
	h.write(h.from201("CANCEL", "a", 1))
	h.wait("cancelled", func() bool { return h.has("487 INVITE") })
	h.write(h.from201("INVITE", "b", 1))
	h.wait("it calls again", func() (again bool) {
		h.loop(func() { again = h.edge.phones[0].leg != nil })
		return again
	})
	close(comes)
	h.wait("rung anew", func() bool { v := h.line.Live(); return v.State == call.Calling && v.ID == call.ID{9, 2} })
	h.line.set(func(l *call.Live) { l.State = call.RingingThere })
	h.wait("it rings there", func() bool { return h.has("180 INVITE") })
	if h.has("480 INVITE") {
		t.Error("the second call was refused")
	}
}

// TestBothRang: an extension rings out as the other party rings; its ring becomes theirs, and it is in that call.
func TestBothRang(t *testing.T) {
	// SPEC: PHN-052 PHN-053
	h := trunkOf(t, false, nil)
	h.write(h.in("line"))
	h.wait("rung", func() (rung bool) {
		h.loop(func() { rung = h.edge.phones[0].call == call.ID{9, 1} })
		return rung
	})
	h.line.set(func(l *call.Live) {
		last, id := *l, call.ID{7}
		last.Outcome = call.Outcome{What: call.Answered, Became: id.String()}
		*l = call.Live{State: call.Connected, ID: id, By: last.By, Last: &last}
	})
	h.wait("connected", func() bool { return h.has("200 INVITE") })
	if h.line.did("extension 201 hang-up") {
		t.Error("the call was hung up")
	}
}

// TestTrunkDownInACall: the trunk goes down while an extension talks: its desk stays until the call is over.
func TestTrunkDownInACall(t *testing.T) {
	// SPEC: PHN-050 PHN-060
	h := trunkOf(t, false, map[string]int{"201": 200, "202": 180})
	h.rings(1)
	h.wait("answered", func() bool { return h.line.did("extension 201 answer {") })
	h.wait("both are armed", func() (armed bool) {
		h.loop(func() { armed = h.edge.phones[0].armed && h.edge.phones[1].armed })
		return armed
	})
	h.loop(func() { h.edge.a.stands(false, "it does not answer", time.Hour) })
	h.wait("the other is no desk", func() bool { return h.line.did("extension 202 desk {Armed:false") })
	h.loop(func() {
		h.edge.tick()
		if p := h.edge.phones[0]; !p.armed || p.telling {
			t.Error("the desk of the call is taken away")
		}
	})
	h.line.set(func(l *call.Live) { *l = call.Live{State: call.Idle} })
	h.wait("then it is none either", func() bool { return h.line.did("extension 201 desk {Armed:false") })
}

// TestFirstToLift: a ring of the line rings every extension; the first has the call, the others stop, over UDP and TCP.
func TestFirstToLift(t *testing.T) {
	// SPEC: PHN-050 PHN-051 PHN-010
	for _, tcp := range []bool{false, true} {
		t.Run(map[bool]string{false: "UDP", true: "TCP"}[tcp], func(t *testing.T) {
			h := trunkOf(t, tcp, map[string]int{"201": 180, "202": 180})
			h.rings(1)
			h.wait("both ring", func() bool { return h.has("INVITE 201") && h.has("INVITE 202") })
			lifted := time.Now()
			h.write(respond(h.request("INVITE 202"), 200, "ph", "", strings.ReplaceAll(theirSDP, "192.0.2.20", "127.0.0.2")))
			h.wait("the other stops", func() bool { return h.has("CANCEL 201") })
			t.Logf("figure: the other extension stops %v after the first lifts", time.Since(lifted))
			if why := header(h.request("CANCEL 201"), "Reason"); why != `SIP;cause=200;text="Call completed elsewhere"` {
				t.Errorf("the other shows a missed call: %q", why)
			}
			h.wait("the line is told", func() bool { return h.line.did("extension 202 answer {Sound:telephone") })
			h.wait("acknowledged", func() bool { return h.has("ACK 201") })
			h.line.set(func(l *call.Live) { *l = call.Live{State: call.Idle} })
			h.wait("the call's end", func() bool { return h.has("BYE 201") }) // its Contact is 201's in this PBX
		})
	}
}

// TestAnotherDeskHasIt: a telephone that lifts when a desk of the page has the call is hung up; one that still rings stops.
func TestAnotherDeskHasIt(t *testing.T) {
	// SPEC: PHN-051
	h := trunkOf(t, false, map[string]int{"201": 180, "202": 200})
	h.line.refuse = errors.New("nothing rings here")
	h.rings(1)
	h.wait("it was too late", func() bool { return h.has("BYE 201") })
	h.line.set(func(l *call.Live) { l.State, l.By.Desk = call.Connected, "page-1" })
	h.wait("the other stops", func() bool { return h.has("CANCEL 201") })
	if why := header(h.request("CANCEL 201"), "Reason"); !strings.Contains(why, "completed elsewhere") {
		t.Errorf("the other shows a missed call: %q", why)
	}
	if h.line.did("extension 202 hang-up") {
		t.Error("the call of the page's desk was hung up")
	}
}

// TestOthersStopAtOnce: in the very step, of no time, in which one telephone lifts, or a desk of the page has the call, every other
// telephone is told to stop.
func TestOthersStopAtOnce(t *testing.T) {
	// SPEC: PHN-051
	for who, page := range map[string]bool{"a telephone": false, "a desk of the page": true} {
		free(t)
		cfg := Config{Name: "borealia", Trunk: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), nextPort), Bind: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), nextPort), Media: nextPort + 2}
		line := newFakeLine()
		e := &Trunk{cfg: cfg, line: line, log: slog.New(slog.DiscardHandler), a: newAgent(cfg), posts: make(chan func(), 64)}
		e.life, e.close = context.WithCancel(t.Context())
		e.done, e.a.happened, e.a.now, e.a.trunk.up = e.life.Done(), e.happened, began, true
		for _, number := range []string{"201", "202", "203"} {
			e.phones = append(e.phones, &handset{Extension: Extension{number, "extension " + number}, armed: true})
		}
		line.set(func(l *call.Live) { *l = call.Live{State: call.RingingHere, ID: call.ID{1}} })
		e.look()
		sent := func(method string) (of []*sip.Request) {
			for _, p := range e.a.out {
				m, err := sip.ParseMessage(p.data)
				if err != nil {
					t.Fatal(err)
				}
				if req, ok := m.(*sip.Request); ok && string(req.Method) == method {
					of = append(of, req)
				}
			}
			return of
		}
		answers := func(req *sip.Request, code int, body string) {
			m, err := sip.ParseMessage([]byte(respond(req, code, "ph"+req.Recipient.User, "", body)))
			if err != nil {
				t.Fatal(err)
			}
			e.a.received(parcel{msg: m})
		}
		invites := sent("INVITE")
		if len(invites) != 3 {
			t.Fatalf("%d telephones ring", len(invites))
		}
		for _, req := range invites {
			answers(req, 180, "")
		}
		e.a.out = nil
		want := "201 203"
		if page {
			line.set(func(l *call.Live) { l.State, l.By.Desk = call.Connected, "page-1" })
			e.look()
			want = "201 202 203"
		} else {
			answers(invites[1], 200, theirSDP)
		}
		var stopped []string
		for _, req := range sent("CANCEL") {
			stopped = append(stopped, req.Recipient.User)
			if !strings.Contains(header(req, "Reason"), "completed elsewhere") {
				t.Errorf("%s: %s shows a missed call", who, req.Recipient.User)
			}
		}
		if slices.Sort(stopped); strings.Join(stopped, " ") != want {
			t.Errorf("%s has it, and in that step these are told to stop: %v", who, stopped)
		}
		e.close()
		for _, h := range e.phones {
			if h.media != nil {
				h.media.close()
			}
		}
		e.wait.Wait()
	}
}

func TestWhatTelephonesRefuse(t *testing.T) {
	// SPEC: PHN-060 PHN-051
	h := trunkOf(t, false, map[string]int{"201": 603, "202": 180})
	h.rings(1)
	h.wait("declined by that desk", func() bool { return h.line.did("extension 201 decline") })
	h.wait("the other stops", func() bool { return h.has("CANCEL 202") })
	for i, code := range []int{486, 480, 408, 503} {
		h := trunkOf(t, false, map[string]int{"201": code, "202": 180})
		h.rings(byte(i + 2))
		h.wait("it does not ring", func() bool { return h.line.did("extension 201 desk {Armed:false") })
		if h.line.did("extension 201 decline") {
			t.Errorf("%d is stated as a decline", code)
		}
		h.line.set(func(l *call.Live) { *l = call.Live{State: call.Idle} })
		h.wait("it is a desk again", func() bool {
			h.line.mu.Lock()
			defer h.line.mu.Unlock()
			n := 0
			for _, a := range h.line.acts {
				if strings.HasPrefix(a, "extension 201 desk {Armed:true") {
					n++
				}
			}
			return n == 2
		})
	}
}

// in is a call of extension 201 to us.
func (h *house) in(user string) string {
	r := strings.NewReplacer("192.0.2.20:5060", h.at.String(), "192.0.2.20", "127.0.0.2", "sip:line@192.0.2.10 ", "sip:"+user+"@127.0.0.1 ")
	return r.Replace(request("INVITE", "in", 1, "", "", strings.ReplaceAll(theirSDP, "192.0.2.20", "127.0.0.2")))
}

// TestRingDown: an extension that calls the line rings the other party; what becomes of it the telephone is told.
func TestRingDown(t *testing.T) {
	// SPEC: PHN-052 PHN-060
	for what, status := range map[string]string{call.Declined: "603", call.NoAnswer: "480", call.NobodyArmed: "480", call.BusyWithUs: "486", call.BusyElsewhere: "486", call.Failed: "503", call.Crossed: "487"} {
		h := trunkOf(t, false, nil)
		h.write(h.in("line"))
		h.wait("rung", func() bool { return h.line.did("extension 201 ring {") })
		h.line.set(func(l *call.Live) { l.State = call.RingingThere })
		h.wait("it rings there", func() bool { return h.has("180 INVITE") })
		h.line.set(func(l *call.Live) {
			last := *l
			last.Outcome.What = what
			*l = call.Live{State: call.Idle, Last: &last}
		})
		h.wait(what+" is "+status, func() bool { return h.has(status + " INVITE") })
	}
	h := trunkOf(t, false, nil)
	h.write(h.in("line"))
	h.wait("rung", func() bool { return h.line.did("extension 201 ring {") })
	h.line.set(func(l *call.Live) { l.State = call.Connected })
	h.wait("answered", func() bool { return h.has("200 INVITE") })
	h.mu.Lock()
	tag, _ := h.oks["200 INVITE"].To().Params.Get("tag")
	h.mu.Unlock()
	h.write(strings.ReplaceAll(request("ACK", "in", 1, tag, "", ""), "192.0.2.20", "127.0.0.2"))
	h.write(strings.ReplaceAll(request("BYE", "in", 2, tag, "", ""), "192.0.2.20", "127.0.0.2"))
	h.wait("the line is told", func() bool { return h.line.did("extension 201 hang-up") && h.has("200 BYE") })
}

// TestSoundAndKeys: sound both ways, and a STOP of class test that is keyed, asked for again and keyed again.
func TestSoundAndKeys(t *testing.T) {
	// SPEC: PHN-030 PHN-031 PHN-040
	h := trunkOf(t, false, map[string]int{"201": 200})
	ears, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.2:20000")))
	if err != nil {
		t.Fatal(err)
	}
	defer ears.Close()
	h.rings(1)
	h.wait("answered", func() bool { return h.line.did("extension 201 answer") })
	offer, err := parseSDP(h.request("INVITE 201").Body(), inClear)
	if err != nil {
		t.Fatal(err)
	}
	var b [voice.FrameBytes]byte
	seq := uint16(0)
	say := func(kind uint8, at uint32, payload []byte) {
		seq++
		if _, err := ears.WriteToUDPAddrPort(rtp(kind, seq, at, 5, payload), offer.to); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond)
	}
	tone, back := voice.Tone{Hz: 440, LevelDB: -12}, voice.Tone{Hz: 1000, LevelDB: -12}
	h.line.mu.Lock()
	ear := h.line.ears["extension 201"]
	h.line.mu.Unlock()
	for n := range uint32(60) {
		tone.Frame(n, &b)
		say(0, n*160, b[:])
		back.Frame(n, &b)
		if err := ear.WriteAt(1, 0, n, b[:]); err != nil {
			t.Fatal(err)
		}
	}
	h.wait("sixty frames", func() bool { h.line.mu.Lock(); defer h.line.mu.Unlock(); return h.line.frames >= 60 })
	if hz, db, ok := h.line.heard.Tone(); !ok || hz < 439 || hz > 441 || db < -13 || db > -11 {
		t.Errorf("the line hears %.1f Hz at %.1f dB", hz, db)
	}
	var heard voice.Ear
	buf := make([]byte, 1500)
	for n := uint32(0); n < 60; {
		_ = ears.SetReadDeadline(time.Now().Add(5 * time.Second))
		k, _, err := ears.ReadFromUDPAddrPort(buf)
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := readRTP(buf[:k]); ok && !bytes.Equal(p.payload, silence[:]) {
			heard.Hear(n, p.payload)
			n++
		}
	}
	if hz, _, ok := heard.Tone(); !ok || hz < 999 || hz > 1001 {
		t.Errorf("the telephone hears %.1f Hz", hz)
	}
	key := func(keys string, at uint32) {
		for i, k := range []byte(keys) {
			say(101, at+uint32(i), []byte{byte(strings.IndexByte("0123456789*#", k)), 0, 0, 0})
		}
	}
	key(testKeys, 1000)
	h.wait("the tone that asks for the keys again", func() (asks bool) {
		h.loop(func() { asks = h.edge.phones[0].keys.asked == testKeys })
		return asks
	})
	var want []byte
	for _, f := range says(askSignal, "en", "stop") {
		want = append(want, f[:]...)
	}
	var said []byte
	for end := time.Now().Add(30 * time.Second); !bytes.Contains(said, want); {
		_ = ears.SetReadDeadline(end)
		k, _, err := ears.ReadFromUDPAddrPort(buf)
		if err != nil {
			t.Fatalf("the clip that asks for the keys again is not heard: %d of %d bytes: %v", len(said), len(want), err)
		}
		if p, ok := readRTP(buf[:k]); ok {
			said = append(said, p.payload...)
		}
	}
	if h.line.did("extension 201 stop") {
		t.Fatal("STOP after the keys were pressed once")
	}
	key(testKeys, 2000)
	h.wait("STOP", func() bool { return h.line.did("extension 201 stop {Place: Reason: Mark: Class:test}") })
}

// TestWideSound: a telephone that calls and names G.722 first is answered with it where the line's call is in that, and its
// frames pass unchanged, both ways. A key asks the telephone for G.711, and until it speaks that neither is taken for the other.
// One that names G.711 first, or whose call is in G.711, is answered with that; one that has no G.711 is refused.
func TestWideSound(t *testing.T) {
	// SPEC: PHN-020 PHN-021 PHN-024
	for _, c := range []struct{ named, codec, answered string }{
		{"9 0 8", call.G722, "9"}, {"9 8 0", call.ULaw, "8"}, {"0 9", call.ULaw, "0"}, {"9", call.G722, ""},
	} {
		h := trunkOf(t, false, nil)
		ears, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.2:0")))
		if err != nil {
			t.Fatal(err)
		}
		defer ears.Close()
		told := make(chan *sip.Request, 9)
		h.mu.Lock()
		on := h.on
		h.on = func(m *sip.Request) {
			if m.Method == sip.INVITE {
				h.write(respond(m, 200, "ph", "", strings.Replace(h.sdp(), " 0 8 ", " 8 ", 1)))
			}
			told <- m
			on(m)
		}
		h.ears = ears.LocalAddr().(*net.UDPAddr).AddrPort().Port()
		sdp := h.sdp()
		h.mu.Unlock()
		offer := strings.Replace(sdp, " 0 8 ", " "+c.named+" ", 1)
		r := strings.NewReplacer("192.0.2.20:5060", h.at.String(), "192.0.2.20", "127.0.0.2")
		h.write(r.Replace(request("INVITE", "in", 1, "", "", offer)))
		if c.answered == "" {
			h.wait("refused", func() bool { return h.has("488 INVITE") })
			continue
		}
		sounds := "telephone"
		if c.named[0] == '9' {
			sounds = "telephone g722"
		}
		h.wait("the line is asked", func() bool { return h.line.did("extension 201 ring {Class: Mark: Priority: Sound:" + sounds + "}") })
		h.line.set(func(l *call.Live) { l.State, l.Codec = call.Connected, c.codec })
		h.wait("answered", func() bool { return h.has("200 INVITE") })
		h.mu.Lock()
		answer := string(h.oks["200 INVITE"].Body())
		h.mu.Unlock()
		if !strings.Contains(answer, "RTP/AVP "+c.answered+" 101\r\n") {
			t.Errorf("%s in a call in %s: %s", c.named, c.codec, answer)
		}
		if c.codec != call.G722 {
			continue
		}
		ours, _ := parseSDP([]byte(answer), inClear)
		h.line.mu.Lock()
		ear := h.line.ears["extension 201"]
		h.line.mu.Unlock()
		ear.Use(call.G722)
		seq := uint16(0)
		say := func(kind uint8, payload []byte) (heard []byte) {
			seq++
			h.line.mu.Lock()
			h.line.newest = nil
			h.line.mu.Unlock()
			if _, err := ears.WriteToUDPAddrPort(rtp(kind, seq, uint32(seq)*160, 5, payload), ours.to); err != nil {
				t.Fatal(err)
			}
			for range 20 {
				time.Sleep(2 * time.Millisecond)
				h.line.mu.Lock()
				heard = h.line.newest
				h.line.mu.Unlock()
				if heard != nil {
					return heard
				}
			}
			return nil
		}
		buf := make([]byte, 1500)
		hears := func(frame []byte, kind uint8, payload []byte) {
			t.Helper()
			for n := uint32(0); n < 100; n++ {
				_ = ear.WriteAt(1, 0, seqOf.Add(1), frame)
				_ = ears.SetReadDeadline(time.Now().Add(5 * time.Second))
				k, _, err := ears.ReadFromUDPAddrPort(buf)
				if err != nil {
					t.Fatal(err)
				}
				if p, ok := readRTP(buf[:k]); ok && p.kind == kind && bytes.Equal(p.payload, payload) {
					return
				}
			}
			t.Errorf("a frame of %d bytes is not heard as %d", len(frame), kind)
		}
		wide := bytes.Repeat([]byte{0x5a}, frameSize)
		onLane := append([]byte{0}, wide...)
		if f := say(wideType, wide); !bytes.Equal(f, onLane) {
			t.Errorf("the line hears %x", f)
		}
		if f := say(alawType, wide); f != nil {
			t.Errorf("G.711 in a call in G.722: %x", f)
		}
		hears(onLane, wideType, wide)
		hears(wide, wideType, silence[:]) // of the other codec: silence is in its place
		say(101, []byte{5, 0x80, 0, 160})
		h.wait("the line's call is in G.711", func() bool { return h.line.Live().Codec == call.ULaw })
		ear.Use(call.ULaw)
		h.wait("the telephone is asked for it", func() bool {
			for len(told) > 0 {
				if m := <-told; m.Method == sip.INVITE && strings.Contains(string(m.Body()), "RTP/AVP 0 8 101\r\n") {
					return true
				}
			}
			return false
		})
		h.wait("it has it", func() (has bool) {
			h.loop(func() { has = h.edge.phones[0].media.to.Load().law == alawType })
			return has
		})
		if f := say(wideType, wide); f != nil {
			t.Errorf("G.722 in a call in G.711: %x", f)
		}
		quiet := bytes.Clone(silence[:])
		voice.ToALaw(quiet)
		hears(silence[:], alawType, quiet)
		f := say(alawType, quiet)
		if voice.FromALaw(quiet); !bytes.Equal(f, quiet) {
			t.Errorf("the line hears %x", f)
		}
		if err := ear.WriteAt(1, 0, seqOf.Add(1), onLane); err != nil {
			t.Error(err)
		}
	}
}

// seqOf numbers the frames of a test.
var seqOf atomic.Uint32

// TestStopDialled: who dials the keys of STOP in place of the line's number keys them once more and has it.
func TestStopDialled(t *testing.T) {
	// SPEC: PHN-041
	h := trunkOf(t, false, nil)
	h.write(h.in(stopKeys))
	h.wait("answered", func() bool { return h.has("200 INVITE") })
	if h.line.did("extension 201 ring") {
		t.Error("the other party was rung")
	}
	h.edge.post(func() {
		p := h.edge.phones[0]
		for _, k := range []byte(stopKeys) {
			h.edge.key(p, p.leg, k)
		}
	})
	h.wait("STOP", func() bool { return h.line.did("extension 201 stop {Place: Reason: Mark: Class:}") })
}

// TestStrangers: what does not come from the trunk leaves nothing: no answer, no state, no line of the log.
func TestStrangers(t *testing.T) {
	// SPEC: PHN-001 PHN-002 PHN-004
	strangers(t, 3000, 100)
}

// TestSoakStrangers is the same with sixty thousand packets of each sort and three thousand connections.
func TestSoakStrangers(t *testing.T) {
	if os.Getenv("PARLEY_SOAK") == "" {
		t.Skip("a minute of floods: make soak")
	}
	strangers(t, 60000, 3000)
}

func strangers(t *testing.T, packets, streams int) {
	t.Helper()
	h := trunkOf(t, false, nil)
	stranger, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.3:0")))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	was := h.logs.Len()
	for n := range packets {
		b := []byte(h.in("line"))
		if n%2 == 0 {
			b = bytes.Repeat([]byte{byte(n)}, n%1400+5)
		}
		_, _ = stranger.WriteToUDPAddrPort(b, h.edge.cfg.Bind)
		if n%50 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	h.wait("they are counted", func() bool { s, _, _ := h.edge.Counts(); return s > uint64(packets)/2 })
	for n := range packets { // of the trunk's address, and nothing that anyone reads
		h.write(strings.Repeat(string(rune('a'+n%26)), n%1400+5))
		if n%50 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	h.wait("they are counted", func() bool { _, r, _ := h.edge.Counts(); return r > uint64(packets)/2 })
	h.write(strings.ReplaceAll(request("OPTIONS", "o", 1, "", "", ""), "192.0.2.20:5060", h.at.String()))
	asked := time.Now()
	h.wait("the trunk is answered", func() bool { return h.has("200 OPTIONS") })
	t.Logf("figure: OPTIONS of the trunk is answered in %v", time.Since(asked))
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 2<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	if h.logs.Len() != was {
		t.Errorf("strangers write our log: %s", h.logs)
	}
	tcp := trunkOf(t, true, nil)
	for range streams {
		c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 3)}}).Dial("tcp", tcp.edge.cfg.Bind.String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Fatal("a stranger's connection is answered")
		}
		c.Close()
	}
	if s, _, _ := tcp.edge.Counts(); s != uint64(streams) {
		t.Errorf("%d connections of strangers, %d counted", streams, s)
	}
}

// TestPanicEndsOneStep: what goes wrong with one message is over with it.
func TestPanicEndsOneStep(t *testing.T) {
	// SPEC: PHN-002
	h := trunkOf(t, false, nil)
	h.edge.post(func() { var l *leg; _ = l.state })
	h.write(strings.ReplaceAll(request("OPTIONS", "o", 1, "", "", ""), "192.0.2.20:5060", h.at.String()))
	h.wait("the trunk is answered all the same", func() bool { return h.has("200 OPTIONS") })
}

// TestNoSecretsInLogs: neither the password nor what the trunk says stands in the log.
func TestNoSecretsInLogs(t *testing.T) {
	// SPEC: PHN-005
	h := trunkOf(t, false, map[string]int{"201": 486}, func(c *Config) { c.Account, c.Password = "parley", "correct horse" })
	h.rings(1)
	h.wait("refused", func() bool { return h.line.did("extension 201 desk {Armed:false") })
	h.edge.Close()
	for _, bad := range []string{"SIP/2.0", "Via", "z9hG4bK", "m=audio", "correct horse", "Digest"} {
		if strings.Contains(h.logs.String(), bad) {
			t.Errorf("the log holds %q: %s", bad, h.logs)
		}
	}
}

// lines is a connection over which empty lines come; it keeps how long the reader waits for the next.
type lines struct {
	net.Conn
	left  int
	waits time.Duration
}

func (c *lines) SetReadDeadline(t time.Time) error { c.waits = time.Until(t); return nil }

func (c *lines) Read(b []byte) (int, error) {
	if c.left--; c.left < 0 {
		return 0, net.ErrClosed
	}
	return copy(b, "\r\n\r\n"), nil
}

// TestConnections: empty lines keep a connection open; an answer whose connection has ended goes by another; a PBX that opens
// connections without end does not shut us out.
func TestConnections(t *testing.T) {
	// SPEC: PHN-001 PHN-002 PHN-003
	h := trunkOf(t, true, nil)
	c := &lines{left: 3}
	if h.edge.readStream(&stream{c}); c.waits < streamIdle/2 {
		t.Errorf("after empty lines the rest of a message is waited for: %v", c.waits)
	}
	m, err := sip.ParseMessage([]byte(request("OPTIONS", "o", 1, "", "", "")))
	if err != nil {
		t.Fatal(err)
	}
	gone, _ := net.Pipe()
	gone.Close()
	h.loop(func() { h.edge.a.received(parcel{msg: m, over: &stream{gone}}) })
	h.wait("the answer", func() bool { return h.has("200 OPTIONS") })
	for range 3 * maxStreams {
		c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).Dial("tcp", h.edge.cfg.Bind.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	h.wait("they are taken", func() (full bool) {
		h.loop(func() { full = len(h.edge.streams) == maxStreams-1 })
		return full
	})
	h.loop(func() {
		for s := range h.edge.streams {
			if s == h.edge.over {
				h.edge.ends(s)
			}
		}
		h.edge.dial(parcel{})
	})
	h.wait("a connection of ours", func() (ours bool) {
		h.loop(func() {
			s := h.edge.over
			ours = s != nil && h.edge.streams[s] && s.LocalAddr().String() != h.edge.cfg.Bind.String() && len(h.edge.streams) <= maxStreams
		})
		return ours
	})
}

// TestNoSoundThatFits: an extension whose description does not fit is not rung again by the same ring.
func TestNoSoundThatFits(t *testing.T) {
	// SPEC: PHN-060
	h := trunkOf(t, false, map[string]int{"201": 299, "202": 180})
	h.rings(1)
	h.wait("hung up", func() bool { return h.has("BYE 201") })
	h.wait("it does not ring", func() bool { return h.line.did("extension 201 desk {Armed:false") })
	if h.line.did("extension 201 hang-up") {
		t.Error("and hangs up what others are rung for")
	}
}

// TestGoodbyeIsRepeated: the last BYE of the node is lost; it is sent again before the node is gone.
func TestGoodbyeIsRepeated(t *testing.T) {
	// SPEC: PHN-010
	h := trunkOf(t, false, map[string]int{"201": 200})
	h.rings(1)
	h.wait("answered", func() bool { return h.line.did("extension 201 answer {") })
	byes := 0
	h.mu.Lock()
	on := h.on
	h.on = func(m *sip.Request) {
		if m.Method == "BYE" {
			if byes++; byes == 1 {
				return
			}
		}
		on(m)
	}
	h.mu.Unlock()
	h.edge.Close()
	h.wait("again", func() bool { h.mu.Lock(); defer h.mu.Unlock(); return byes > 1 })
}

// TestHeldByATelephone: who holds at a telephone holds the line's call, and resumes it.
func TestHeldByATelephone(t *testing.T) {
	// SPEC: PHN-035
	h := trunkOf(t, false, nil)
	h.write(h.from201("INVITE", "in", 1))
	h.wait("rung", func() bool { return h.line.did("extension 201 ring {") })
	h.line.set(func(l *call.Live) { l.State = call.Connected })
	h.wait("answered", func() bool { return h.has("200 INVITE") })
	h.write(h.from201("ACK", "in", 1))
	again := func(cseq int, dir string) {
		text := h.from201("INVITE", "in", cseq)
		head, _, _ := strings.Cut(text, "Content-Length")
		body := h.sdp() + "a=" + dir + "\r\n"
		h.write(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(body), body))
	}
	again(2, "recvonly") // it only listens: no hold
	again(3, "sendonly")
	h.wait("held", func() bool { return h.line.did("extension 201 hold") })
	if h.line.did("extension 201 resume") {
		t.Error("resumed before it was held")
	}
	h.write(h.from201("ACK", "in", 3))
	again(4, "inactive") // and goes on holding
	again(5, "sendrecv")
	h.wait("resumed", func() bool { return h.line.did("extension 201 resume") })
	h.line.mu.Lock()
	defer h.line.mu.Unlock()
	n := 0
	for _, a := range h.line.acts {
		if strings.HasPrefix(a, "extension 201 hold") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("held %d times: %v", n, h.line.acts)
	}
}

// TestHandedOver: a call that stands at a desk of the page rings the one telephone that it is handed to; lifted, that answers, refused,
// it leaves the call where it was.
func TestHandedOver(t *testing.T) {
	// SPEC: PHN-054
	for _, code := range []int{200, 486, 603} {
		h := trunkOf(t, false, map[string]int{"201": code, "202": 180})
		m := &call.Machine{Us: "borealia", Them: "aurelia", Rand: rand.Reader}
		now, page := time.Now(), statement.Author{Desk: "page-1", Known: "unattributed"}
		m.Line(true, now)
		m.Desks([]string{"page-1", "extension 201", "extension 202"}, nil, nil, now)
		id := call.ID{7}
		m.Got(call.Signal{Kind: call.SigRing, ID: id, Seq: 1, Desk: "a1", Class: "test", Mark: "actual", Codec: voice.ULaw}, now)
		m.Answer(page, "", now)
		m.Hold(page, now)
		if out := m.HandOver(page, "extension 201", now); out.Err != nil {
			t.Fatal(out.Err)
		}
		if v := m.Live(); !v.Rings("extension 201") || v.Rings("extension 202") {
			t.Fatalf("the call is %+v", v)
		}
		h.line.set(func(l *call.Live) { *l = m.Live() })
		h.wait("it rings", func() bool { return h.has("INVITE 201") })
		want := map[int]string{200: "extension 201 answer {Sound:telephone Call:" + id.String(), 486: "extension 201 decline", 603: "extension 201 decline"}[code]
		h.wait(want, func() bool { return h.line.did(want) })
		if h.has("INVITE 202") || h.line.did("extension 201 hang-up") {
			t.Errorf("%d: another telephone rings, or the call is ended: %v", code, h.line.acts)
		}
		if code != 200 {
			continue
		}
		for _, s := range m.Answer(statement.Author{Desk: "extension 201", Known: "unattributed"}, voice.ULaw, now).Send {
			m.Got(call.Signal{Kind: call.SigAck, ID: id, Seq: 2, Of: s.Kind, What: call.Talking, Version: s.Version}, now)
		}
		h.line.set(func(l *call.Live) { *l = m.Live() })
		h.wait("who lifted speaks", func() bool { return h.line.did("extension 201 resume") })
	}
}

// TestAPanicInSoundEndsOneCall: what goes wrong with a telephone's packets ends its call, and no other thing.
func TestAPanicInSoundEndsOneCall(t *testing.T) {
	// SPEC: PHN-002 NOD-044
	h := trunkOf(t, false, map[string]int{"201": 200})
	h.rings(1)
	h.wait("answered", func() bool { return h.line.did("extension 201 answer") })
	offer, err := parseSDP(h.request("INVITE 201").Body(), inClear)
	if err != nil {
		t.Fatal(err)
	}
	ears, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.2:20000")))
	if err != nil {
		t.Fatal(err)
	}
	defer ears.Close()
	h.line.mu.Lock()
	h.line.breaks = true
	h.line.mu.Unlock()
	h.wait("its call ends", func() bool {
		_, _ = ears.WriteToUDPAddrPort(rtp(0, 1, 0, 5, make([]byte, frameSize)), offer.to)
		return h.has("BYE 201")
	})
	if !strings.Contains(h.logs.String(), "a telephone's sound was given up") {
		t.Errorf("the log says nothing of it: %s", h.logs)
	}
	h.write(strings.ReplaceAll(request("OPTIONS", "o", 1, "", "", ""), "192.0.2.20:5060", h.at.String()))
	h.wait("the trunk is answered all the same", func() bool { return h.has("200 OPTIONS") })
}

// TestAnExtensionThatCallsItself: our own INVITE that the PBX sends back to us, and one in the line's own name, ring nobody and
// take no place; the ring that was under way goes on, and others are answered.
func TestAnExtensionThatCallsItself(t *testing.T) {
	// SPEC: PHN-015 PHN-052
	h := trunkOf(t, false, map[string]int{"201": 180, "202": 180})
	h.rings(1)
	h.wait("both ring", func() bool { return h.has("INVITE 201") && h.has("INVITE 202") })
	h.write(h.request("INVITE 201").String())
	h.wait("it is not taken", func() bool { return h.has("403 INVITE") })
	h.write(strings.ReplaceAll(strings.ReplaceAll(request("OPTIONS", "o", 1, "", "", ""), "192.0.2.20:5060", h.at.String()), "sip:201@", "sip:line@"))
	h.wait("others are answered", func() bool { return h.has("200 OPTIONS") })
	if h.has("CANCEL 201") || h.line.did("extension 201 ring") {
		t.Error("it ends what rings, or rings the other party")
	}
	h.loop(func() {
		if n := len(h.edge.a.legs); n != 2 {
			t.Errorf("%d calls stand", n)
		}
	})
}
