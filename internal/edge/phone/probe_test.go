// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"bytes"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"example.org/parley/check"
	"example.org/parley/words"
)

// peers are what may be at the other end of an ordinary number, by the outcome that it must be classed as: what is answered to
// our INVITE, and when. A code below 0 is silence; press is what is pressed after the prompt: yes the asked key, no another.
var peers = map[string][]struct {
	codes []int
	cause string
	press string
}{
	"answered":  {{codes: []int{100, 180, 200}, press: "yes"}, {codes: []int{200}, press: "yes"}},
	"unproven":  {{codes: []int{100, 180, 200}}, {codes: []int{183, 200}, press: "no"}},
	"no-answer": {{codes: []int{100, 180}}, {codes: []int{180, 480}}, {codes: []int{100, 480}, cause: "18"}, {codes: []int{183, 180, 408}}},
	"busy":      {{codes: []int{486}}, {codes: []int{100, 180, 600}}, {codes: []int{503}, cause: "17"}},
	"declined":  {{codes: []int{180, 603}}, {codes: []int{480}, cause: "21"}},
	"no-number": {{codes: []int{404}}, {codes: []int{100, 484}}, {codes: []int{503}, cause: "1"}},
	"no-tone":   {{codes: []int{100}}, {codes: []int{183}}, {codes: []int{183, 408}}, {codes: []int{183, 480}}, {codes: []int{100, 503}}, {codes: []int{480}, cause: "38"}, {codes: []int{504}}},
	"dead":      {{codes: []int{-1}}, {codes: []int{403}}, {codes: []int{488}}},
}

// TestAYearOfAnOrdinaryNumber: each day of a year the number is rung once, on simulated time; what is there is scripted.
func TestAYearOfAnOrdinaryNumber(t *testing.T) {
	// SPEC: PHN-080
	outcomes := slices.Sorted(maps.Keys(peers))
	if want := slices.Sorted(slices.Values(check.Outcomes)); !slices.Equal(outcomes, want) {
		t.Fatalf("the script plays %v, a test may come to %v", outcomes, want)
	}
	counts, right := map[string]int{}, 0
	p := play(t, nil)
	for day := range 366 {
		p.now = began.AddDate(0, 0, day)
		want := outcomes[day%len(outcomes)]
		peer := peers[want][day/len(outcomes)%len(peers[want])]
		pr := newProbe(p.call("+390612345", sound, false))
		req, sent, outcome, pressed := (*sip.Request)(nil), 0, "", false
		for outcome == "" && p.now.Before(began.AddDate(0, 0, day).Add(5*time.Minute)) {
			for _, m := range p.drain() {
				if r, ok := m.(*sip.Request); ok && r.Method == "INVITE" && req == nil {
					req = r
				}
			}
			if req != nil && sent < len(peer.codes) && peer.codes[sent] > 0 && p.now.Sub(pr.began) > time.Duration(sent+1)*2*time.Second {
				extra, body := "", ""
				if peer.cause != "" && peer.codes[sent] >= 300 {
					extra = "Reason: Q.850;cause=" + peer.cause + "\r\n"
				}
				if peer.codes[sent] == 200 {
					body = theirSDP
				}
				m, _ := sip.ParseMessage([]byte(respond(req, peer.codes[sent], "far", extra, body)))
				p.received(parcel{msg: m, peer: pbxAt})
				sent++
			}
			if !pressed && peer.press != "" && !pr.answered.IsZero() && p.now.Sub(pr.answered) > 8*time.Second {
				pressed = true
				pr.pressed = peer.press == "yes"
			}
			p.tick(p.now.Add(100 * time.Millisecond))
			outcome, _ = pr.look(p.now)
		}
		pr.l.off(0, "")
		p.drain()
		counts[outcome]++
		if outcome == want {
			right++
		} else {
			t.Errorf("day %d: %+v is classed %s, it is %s", day, peer, outcome, want)
		}
		clear(p.asks) // the night
	}
	t.Logf("figure: %d of 366 days classed right: %v", right, counts)
}

// TestOrdinaryTelephoneIsNotMisread: it rings for a minute from its first ring on; who hangs up at once has answered; and of a PBX
// that passes no keys nothing is said of whoever answers.
func TestOrdinaryTelephoneIsNotMisread(t *testing.T) {
	// SPEC: PHN-080
	began := func() (*player, *probe, *sip.Request) {
		p := play(t, nil)
		pr := newProbe(p.call("06123", sound, false))
		return p, pr, one[*sip.Request](t, p.drain())
	}
	p, pr, req := began()
	p.got(respond(req, 183, "ph", "", ""))
	p.later(20 * time.Second)
	p.got(respond(req, 180, "ph", "", ""))
	p.later(59 * time.Second)
	if outcome, _ := pr.look(p.now); outcome != "" {
		t.Errorf("rang for 59 s: %s", outcome)
	}
	p.later(2 * time.Second)
	if outcome, _ := pr.look(p.now); outcome != "no-answer" {
		t.Errorf("rang for 61 s: %q", outcome)
	}
	p, pr, req = began()
	p.got(respond(req, 200, "ph", "", theirSDP))
	tag, _ := req.From().Params.Get("tag")
	p.got(strings.ReplaceAll(request("BYE", req.CallID().Value(), 2, tag, "", ""), "tag=their", "tag=ph"))
	if outcome, _ := pr.look(p.now); pr.l.state != over || outcome != "unproven" {
		t.Errorf("answered and hung up within one step: %q", outcome)
	}
	p, pr, req = began()
	p.got(respond(req, 200, "ph", "", strings.NewReplacer(" 101", "", "a=rtpmap:101 telephone-event/8000\r\n", "").Replace(theirSDP)))
	if outcome, play := pr.look(p.now); pr.l.state != up || outcome != "dead" || play {
		t.Errorf("no key can ever come: %q", outcome)
	}
	p, pr, req = began()
	p.got(respond(req, 200, "ph", "", "v=0\r\n"))
	if outcome, _ := pr.look(p.now); outcome != "dead" {
		t.Errorf("an answer that describes no sound: %q", outcome)
	}
}

// TestNoTestBeforeTheTrunkIsKnown: just after a start nothing is said of their telephone; the test is still to be made.
func TestNoTestBeforeTheTrunkIsKnown(t *testing.T) {
	// SPEC: PHN-081
	h := trunkOf(t, false, nil)
	h.mu.Lock()
	serve := h.on
	h.on = func(m *sip.Request) {
		if m.Method != sip.OPTIONS {
			serve(m)
		}
	}
	h.mu.Unlock()
	h.loop(func() { h.edge.a.trunk = registration{} })
	if got, ok := h.edge.Test("06123", func([]byte) {}); ok {
		t.Errorf("the trunk was never asked: %s", got)
	}
	h.wait("the trunk does not answer", func() (known bool) {
		h.loop(func() { known = !h.edge.a.trunk.unknown() })
		return known
	})
	if got, ok := h.edge.Test("06123", func([]byte) {}); got != "dead" || !ok {
		t.Errorf("the trunk does not answer: %s, %v", got, ok)
	}
}

// TestSoundOfATestThatMoves: a PBX that moves the sound of a test elsewhere is followed.
func TestSoundOfATestThatMoves(t *testing.T) {
	// SPEC: PHN-081
	h := trunkOf(t, false, map[string]int{"06123": 200})
	go h.edge.Test("06123", func([]byte) {})
	h.wait("it is answered", func() (on bool) {
		h.loop(func() { on = h.edge.trial != nil && h.edge.trial.m.to.Load() != nil })
		return on
	})
	req := h.request("INVITE 06123")
	tag, _ := req.From().Params.Get("tag")
	h.write(strings.NewReplacer("tag=their", "tag=ph", "192.0.2.20:5060", h.at.String(), "192.0.2.20", "127.0.0.2").Replace(
		request("INVITE", req.CallID().Value(), 2, tag, "", strings.Replace(h.sdp(), "20000", "20404", 1))))
	h.wait("our answer", func() bool { return h.has("200 INVITE") })
	h.loop(func() {
		if to := h.edge.trial.m.to.Load().to; to.Port() != 20404 {
			t.Errorf("the prompt goes to %v", to)
		}
	})
}

// TestOrdinaryTelephone: one number over real sockets: who answers hears the prompt and presses the asked key.
func TestOrdinaryTelephone(t *testing.T) {
	// SPEC: PHN-081 PHN-080
	h := trunkOf(t, false, map[string]int{"06123": 200, "06999": 404})
	ears, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.2:20000")))
	if err != nil {
		t.Fatal(err)
	}
	defer ears.Close()
	if got, ok := h.edge.Test("06 999", func([]byte) {}); got != "no-number" || !ok {
		t.Errorf("404: %s", got)
	}
	done := make(chan string, 1)
	go func() { got, _ := h.edge.Test("(06) 123", func([]byte) {}); done <- got }()
	h.wait("the test is under way", func() (on bool) { h.loop(func() { on = h.edge.trial != nil }); return on })
	if got, ok := h.edge.Test("06123", func([]byte) {}); ok {
		t.Errorf("a second test at once: %s", got)
	}
	press(t, h, ears)
	if got := <-done; got != "answered" {
		t.Errorf("who pressed the key: %s", got)
	}
}

// TestEveryOutcomeOverSIP: each outcome of an ordinary telephone once over real sockets and real time: the PBX answers our INVITE as
// it does where the far telephone does that.
func TestEveryOutcomeOverSIP(t *testing.T) {
	// SPEC: PHN-080 PHN-081
	cases := []struct {
		does, want string
		slow       bool // as long as nobody does anything
		codes      []int
		extra      string
	}{
		{"a person presses the asked key", "answered", false, []int{180, 200}, ""},
		{"a machine speaks and presses nothing", "unproven", true, []int{180, 200}, ""},
		{"it rings and rings", "no-answer", true, []int{100, 180}, ""},
		{"their exchange gives up after it rang", "no-answer", false, []int{180, 480}, ""},
		{"busy", "busy", false, []int{100, 486}, ""},
		{"declined", "declined", false, []int{180, 603}, ""},
		{"no such number", "no-number", false, []int{404}, ""},
		{"no such number, as the network says it", "no-number", false, []int{503}, "Reason: Q.850;cause=1\r\n"},
		{"no ring tone comes", "no-tone", true, []int{100}, ""},
		{"their exchange is out of order", "no-tone", false, []int{503}, "Reason: Q.850;cause=38\r\n"},
		{"our PBX does not let us", "dead", false, []int{403}, ""},
		{"our PBX says nothing", "dead", true, nil, ""},
	}
	came := map[string]bool{}
	for i, c := range cases {
		if c.slow && testing.Short() {
			came[c.want] = true
			continue
		}
		h := trunkOf(t, false, nil)
		h.ears = 21000 + uint16(i)
		ears, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(h.at.Addr(), h.ears)))
		if err != nil {
			t.Fatal(err)
		}
		defer ears.Close()
		h.mu.Lock()
		serve := h.on
		h.on = func(m *sip.Request) {
			if m.Method != sip.INVITE {
				serve(m)
				return
			}
			for _, code := range c.codes {
				extra, body := "", ""
				if code >= 300 {
					extra = c.extra
				} else if code == 200 {
					body = h.sdp()
				}
				h.write(respond(m, code, "ph", extra, body))
			}
		}
		h.mu.Unlock()
		got, heard := make(chan string, 1), make(chan []byte, 9)
		go func() {
			outcome, _ := h.edge.Test("06123", func(f []byte) { heard <- bytes.Clone(f) })
			got <- outcome
		}()
		if c.want == "answered" { // a word, which who listens hears, and the key
			press(t, h, ears)
			if f := <-heard; !bytes.Equal(f, bytes.Repeat([]byte{0x5a}, frameSize)) {
				t.Errorf("who listens hears %x", f)
			}
		}
		check := func() {
			select {
			case outcome := <-got:
				if came[outcome] = true; outcome != c.want {
					t.Errorf("%s: %s, it is %s", c.does, outcome, c.want)
				}
			case <-time.After(2 * time.Minute):
				t.Errorf("%s: no outcome", c.does)
			}
		}
		if !c.slow {
			check()
			continue
		}
		defer check() // the slow ones run at once
	}
	t.Cleanup(func() { // after them
		for _, want := range check.Outcomes {
			if !came[want] {
				t.Errorf("nothing came to %s", want)
			}
		}
	})
}

// press waits for the prompt and presses the key that it asks for.
func press(t *testing.T, h *house, ears *net.UDPConn) {
	t.Helper()
	buf := make([]byte, 1500)
	_ = ears.SetReadDeadline(time.Now().Add(20 * time.Second))
	for spoken := false; !spoken; {
		n, err := ears.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		p, ok := readRTP(buf[:n])
		spoken = ok && strings.Trim(string(p.payload), "\xff\x7f") != ""
	}
	var key byte
	h.loop(func() { key = h.edge.trial.key })
	offer, err := parseSDP(h.request("INVITE 06123").Body(), inClear)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{rtp(0, 1, 1, 5, bytes.Repeat([]byte{0x5a}, frameSize)), rtp(101, 2, 161, 5, []byte{key - '0', 0, 0, 0})} {
		if _, err := ears.WriteToUDPAddrPort(b, offer.to); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPrompts(t *testing.T) {
	// SPEC: PHN-040 PHN-081
	for _, lang := range words.Langs() {
		for key := byte('1'); key <= '9'; key++ {
			if n := len(prompt(lang, key)); n < 5*50 || n > 8*50 {
				t.Errorf("%s %c: %d frames", lang, key, n)
			}
		}
		for sentence, least := range map[string]int{"stop": 100, "sent": 40, "failed": 40} {
			if n := len(says(nil, lang, sentence)); n < least || n > 2*least {
				t.Errorf("%s: %d frames of STOP's sentence %q", lang, n, sentence)
			}
		}
		if slices.Equal(prompt(lang, '1'), prompt(lang, '2')) {
			t.Errorf("%s: one prompt for two keys", lang)
		}
	}
	if got := dialled("+39 (06) 12-34 5"); got != "+390612345" {
		t.Error(got)
	}
}
