// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

var (
	pbxAt = netip.MustParseAddrPort("192.0.2.20:5060")
	ourAt = netip.MustParseAddrPort("192.0.2.10:5060")
	sound = netip.MustParseAddrPort("192.0.2.10:16384")
	began = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
)

// player plays an agent on simulated time; what it sends is in sent.
type player struct {
	*agent
	t     *testing.T
	sent  []sip.Message
	legs  []*leg
	event []string
}

// Requests of RFC 2543 have no branch that tells them apart: each is known by the fields that RFC 3261 17.2.3 names, comes again as what it
// was, and its ACK and its CANCEL find it.
//
// SPEC: PHN-010
func TestRequestsWithoutABranch(t *testing.T) {
	for _, old := range []string{";rport", ";branch=1;rport"} {
		p := play(t, nil)
		bare := func(s string) string { // every branch away
			at := strings.Index(s, ";branch=")
			return s[:at] + old + s[at+strings.Index(s[at:], ";rport")+len(";rport"):]
		}
		two := [2][]sip.Message{p.got(bare(request("INVITE", "in1", 1, "", "", theirSDP))), p.got(bare(request("INVITE", "in2", 1, "", "", theirSDP)))}
		if len(p.legs) != 2 || len(two[0]) == 0 || len(two[1]) == 0 {
			t.Fatalf("%q: %d calls of two: %v", old, len(p.legs), two)
		}
		if again := p.got(bare(request("INVITE", "in1", 1, "", "", theirSDP))); len(again) != 1 || len(p.legs) != 2 || !strings.Contains(again[0].String(), "Call-ID: in1") {
			t.Errorf("%q: what comes again is answered %v", old, again)
		}
		out := p.got(bare(request("CANCEL", "in2", 1, "", "", "")))
		if len(out) != 2 || p.legs[1].state != over || p.legs[0].state == over {
			t.Fatalf("%q: cancelled, %v", old, out)
		}
		refused := out[1].(*sip.Response)
		tag, _ := refused.To().Params.Get("tag")
		if refused.StatusCode != 487 || tag == "" {
			t.Fatalf("%q: %v", old, refused)
		}
		for _, of := range []string{"other", tag} {
			p.got(bare(request("ACK", "in2", 1, of, "", "")))
			if again := p.later(t1); (len(again) == 0) != (of == tag) {
				t.Errorf("%q: acknowledged under the tag %q, it is answered again: %v", old, of, again)
			}
		}
	}
}

func play(t *testing.T, change func(*Config)) *player {
	cfg := Config{Name: "borealia", Trunk: pbxAt, Bind: ourAt, Media: 16384, Digest: "MD5", Extensions: []Extension{{"201", "extension 201"}, {"202", "extension 202"}}}
	if change != nil {
		change(&cfg)
	}
	p := &player{agent: newAgent(cfg), t: t}
	p.now = began
	p.trunk.next = began.Add(1000 * time.Hour) // its own tests
	p.happened = func(l *leg, what string) {
		if l != nil && what == "asked" {
			p.legs = append(p.legs, l)
		}
		p.event = append(p.event, what)
	}
	p.open = func() (netip.AddrPort, error) { return sound, nil }
	return p
}

func (p *player) drain() []sip.Message {
	p.t.Helper()
	var now []sip.Message
	for _, out := range p.out {
		m, err := sip.ParseMessage(out.data)
		if err != nil {
			p.t.Fatalf("we sent what no parser reads: %v\n%s", err, out.data)
		}
		now = append(now, m)
	}
	p.out = nil
	p.sent = append(p.sent, now...)
	return now
}

// got hands a message to the agent as it came over UDP, and gives what it sends.
func (p *player) got(text string) []sip.Message {
	p.t.Helper()
	m, err := sip.ParseMessage([]byte(text))
	if err != nil {
		p.t.Fatalf("%v\n%s", err, text)
	}
	p.received(parcel{msg: m, peer: pbxAt})
	return p.drain()
}

func (p *player) later(d time.Duration) []sip.Message {
	p.t.Helper()
	var out []sip.Message
	for end := p.now.Add(d); p.now.Before(end); {
		p.tick(p.now.Add(50 * time.Millisecond))
		out = append(out, p.drain()...)
	}
	return out
}

// one gives the only message.
func one[M sip.Message](t *testing.T, ms []sip.Message) M {
	t.Helper()
	if len(ms) != 1 {
		t.Fatalf("%d messages, want one: %v", len(ms), ms)
	}
	m, ok := ms[0].(M)
	if !ok {
		t.Fatalf("another message: %v", ms[0])
	}
	return m
}

const theirSDP = "v=0\r\no=pbx 1 1 IN IP4 192.0.2.20\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"

// respond writes an answer to a request as a PBX does.
func respond(req *sip.Request, code int, tag, extra, body string) string {
	to := req.To().Value()
	if _, tagged := req.To().Params.Get("tag"); !tagged && tag != "" {
		to += ";tag=" + tag
	}
	if body != "" {
		extra += "Content-Type: application/sdp\r\n"
	}
	return fmt.Sprintf("SIP/2.0 %d X\r\nVia: %s\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\nContact: <sip:201@192.0.2.20:5060>\r\n%sContent-Length: %d\r\n\r\n%s",
		code, req.Via().Value(), req.From().Value(), to, req.CallID().Value(), req.CSeq().Value(), extra, len(body), body)
}

// request writes a request as a PBX does; tag is ours, "" outside a dialog.
func request(method, id string, cseq int, tag, extra, body string) string {
	to := "<sip:line@192.0.2.10>"
	if tag != "" {
		to += ";tag=" + tag
	}
	if body != "" {
		extra += "Content-Type: application/sdp\r\n"
	}
	return fmt.Sprintf("%s sip:line@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bK%s%d%s;rport\r\nMax-Forwards: 70\r\nFrom: <sip:201@192.0.2.20>;tag=their\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:201@192.0.2.20:5060>\r\n%sContent-Length: %d\r\n\r\n%s",
		method, id, cseq, method, to, id, cseq, method, extra, len(body), body)
}

// farPhone is a telephone behind the trunk that answers whatever it likes, on a network that loses and reorders.
type farPhone struct {
	answered, acked, gone bool
	ok                    string
	every                 time.Duration
	next, end             time.Time
}

// TestAnswerMeetsCancel: calls are cancelled while they ring, two hundred of them as they are answered, over a network that loses one message in
// five and delays the others: no telephone stays in a call with nobody.
func TestAnswerMeetsCancel(t *testing.T) {
	// SPEC: PHN-010 PHN-011
	dead, crossed := 0, 0
	calls := 0
	for seed := uint64(0); crossed < 200 && calls < 2000; seed++ {
		calls++
		r := rand.New(rand.NewPCG(seed, 7))
		p := play(t, nil)
		type letter struct {
			at   time.Time
			text string
		}
		var mail []letter
		ph := &farPhone{every: t1}
		post := func(text string) {
			if r.IntN(5) > 0 {
				mail = append(mail, letter{p.now.Add(time.Duration(r.IntN(120)) * time.Millisecond), text})
			}
		}
		l := p.call("201", sound, false)
		off := began.Add(time.Duration(r.IntN(400)) * time.Millisecond)
		lifts := time.Duration(r.IntN(300)) * time.Millisecond
		invites, cancelled := 0, false
		for p.now.Before(began.Add(3 * time.Minute)) {
			if !p.now.Before(off) && l.state != over {
				l.off(0, "")
			}
			for _, m := range p.drain() {
				req, ok := m.(*sip.Request)
				if !ok || r.IntN(5) == 0 { // lost on its way there
					continue
				}
				switch req.Method {
				case "INVITE":
					if invites++; invites == 1 {
						post(respond(req, 180, "ph", "", ""))
						ph.ok, ph.next = respond(req, 200, "ph", "", theirSDP), p.now.Add(lifts)
					}
				case "CANCEL":
					post(respond(req, 200, "ph", "", ""))
					if cancelled = true; !ph.answered && ph.ok != "" {
						ph.ok = ""
					}
				case "ACK":
					ph.acked = ph.acked || ph.answered
				case "BYE":
					ph.gone = true
					post(respond(req, 200, "ph", "", ""))
				}
			}
			if ph.ok != "" && !ph.acked && !p.now.Before(ph.next) && p.now.Before(began.Add(40*time.Second)) {
				ph.answered = true
				post(ph.ok)
				ph.every = min(2*ph.every, t2)
				ph.next = p.now.Add(ph.every)
			}
			for _, x := range slices.Clone(mail) {
				if !p.now.Before(x.at) {
					mail = slices.DeleteFunc(mail, func(y letter) bool { return y == x })
					m, _ := sip.ParseMessage([]byte(x.text))
					p.received(parcel{msg: m, peer: pbxAt})
				}
			}
			step := 20 * time.Millisecond
			if p.now.Sub(began) > 5*time.Second {
				step *= 10
			}
			p.tick(p.now.Add(step))
		}
		if ph.answered && cancelled {
			crossed++
		}
		if ph.answered && (!ph.acked || !ph.gone) {
			dead++
			t.Errorf("seed %d: a dead dialog: acknowledged %v, ended %v", seed, ph.acked, ph.gone)
		}
		if len(p.agent.legs) > 0 || len(p.asks) > 0 {
			t.Errorf("seed %d: something is left: %d legs, %d requests", seed, len(p.agent.legs), len(p.asks))
		}
	}
	if crossed < 200 {
		t.Errorf("only %d of %d calls crossed: the test tries nothing", crossed, calls)
	}
	t.Logf("figure: %d of %d calls were answered while they were cancelled: %d dead dialogs", crossed, calls, dead)
}

func TestOutcomesOfTelephones(t *testing.T) {
	// SPEC: PHN-010
	for _, code := range []int{302, 408, 480, 486, 503, 603} {
		p := play(t, nil)
		l := p.call("201", sound, false)
		req := one[*sip.Request](t, p.drain())
		p.got(respond(req, 180, "ph", "", ""))
		ack := one[*sip.Request](t, p.got(respond(req, code, "ph", "", "")))
		if l.state != over || l.code != code || ack.Method != "ACK" || ack.Via().Value() != req.Via().Value() {
			t.Errorf("%d: %s %d, %v", code, l.state, l.code, ack)
		}
		if again := one[*sip.Request](t, p.got(respond(req, code, "ph", "", ""))); again.Method != "ACK" { // its ACK was lost
			t.Errorf("%d came again and was answered by %v", code, again)
		}
	}
	p := play(t, nil) // nobody there
	l := p.call("201", sound, false)
	if n := len(p.later(40 * time.Second)); l.state != over || l.code != 408 || n != 7 {
		t.Errorf("no reply: %s %d after %d INVITEs", l.state, l.code, n)
	}
}

// TestRefused: what is not as it should be is answered as the RFC says, and leaves no leg.
func TestRefused(t *testing.T) {
	// SPEC: PHN-013 PHN-014 PHN-015
	good := request("INVITE", "x", 1, "", "", theirSDP)
	for name, c := range map[string]struct {
		code int
		text string
	}{
		"an unknown version":          {505, strings.Replace(good, "SIP/2.0\r\n", "SIP/7.0\r\n", 1)},
		"an extension that is not":    {420, strings.Replace(good, "Contact:", "Require: nothingSupportsThis, nor this\r\nContact:", 1)},
		"an unknown scheme":           {416, strings.Replace(good, "sip:line@192.0.2.10 ", "nobodyKnowsThisScheme:totallyopaquecontent ", 1)},
		"a tel URI":                   {416, strings.Replace(good, "sip:line@192.0.2.10 ", "tel:+15551212 ", 1)},
		"no hops left":                {483, strings.Replace(good, "Max-Forwards: 70", "Max-Forwards: 0", 1)},
		"an unknown method":           {501, request("NEWMETHOD", "x", 1, "", "", "")},
		"a method of others":          {405, request("REFER", "x", 1, "", "", "")},
		"a method that CSeq belies":   {400, strings.Replace(good, "CSeq: 1 INVITE", "CSeq: 1 OPTIONS", 1)},
		"a body that is no offer":     {415, strings.Replace(good, "application/sdp", "application/unknownformat", 1)},
		"an encoded body":             {415, strings.Replace(good, "Contact:", "Content-Encoding: gzip\r\nContact:", 1)},
		"no sound that fits":          {488, strings.Replace(good, "RTP/AVP 0 8 101", "RTP/AVP 3 9 101", 1)},
		"an extension not listed":     {403, strings.Replace(good, "sip:201@", "sip:999@", 1)},
		"too short a session":         {422, request("INVITE", "x", 1, "", "Session-Expires: 10\r\n", theirSDP)},
		"a dialog that is not":        {481, request("INVITE", "x", 1, "nobody", "", theirSDP)},
		"the end of one that is not":  {481, request("BYE", "x", 1, "nobody", "", "")},
		"the cancel of nothing":       {481, request("CANCEL", "x", 1, "", "", "")},
		"options, and no hops needed": {200, strings.Replace(request("OPTIONS", "x", 1, "", "", ""), "Max-Forwards: 70", "Max-Forwards: 0", 1)},
	} {
		p := play(t, nil)
		res := one[*sip.Response](t, p.got(c.text))
		if res.StatusCode != c.code || len(p.agent.legs) > 0 {
			t.Errorf("%s: %d, want %d; %d legs", name, res.StatusCode, c.code, len(p.agent.legs))
		}
		if c.code == 420 && header(res, "Unsupported") != "nothingSupportsThis, nor this" {
			t.Errorf("420 says: %q", header(res, "Unsupported"))
		}
	}
	p := play(t, nil) // the same call by two ways
	p.got(good)
	if res := one[*sip.Response](t, p.got(strings.Replace(good, "branch=z9hG4bKx", "branch=z9hG4bKy", 1))); res.StatusCode != 482 {
		t.Errorf("a request that forked on its way: %d", res.StatusCode)
	}
}

// TestNoStrangersAddress: whatever a Via or a Contact names, requests go to the trunk and answers to where the request came from.
func TestNoStrangersAddress(t *testing.T) {
	// SPEC: PHN-003
	p := play(t, nil)
	text := strings.NewReplacer("UDP 192.0.2.20:5060", "UDP evil.example:9", "<sip:201@192.0.2.20:5060>", "<sip:201@evil.example>").Replace(request("INVITE", "x", 1, "", "", theirSDP))
	m, _ := sip.ParseMessage([]byte(text))
	p.received(parcel{msg: m, peer: pbxAt})
	p.legs[0].accept()
	for _, out := range p.out {
		if out.peer != pbxAt {
			t.Errorf("an answer goes to %v", out.peer)
		}
	}
	p.out = nil
	p.legs[0].off(0, "")
	if out := p.out[0]; out.peer.IsValid() || !strings.HasPrefix(string(out.data), "BYE sip:201@evil.example ") {
		t.Errorf("our BYE goes to %v: %s", out.peer, out.data)
	}
}

func TestRegisters(t *testing.T) {
	// SPEC: PHN-012 PHN-018
	for algorithm, offered := range map[string][]string{"MD5": {"MD5"}, "SHA-256": {"MD5", "SHA-256"}} {
		p := play(t, func(c *Config) { c.Account, c.Password, c.Digest = "line", "secret", algorithm })
		p.trunk.next = began
		req := one[*sip.Request](t, p.later(50*time.Millisecond))
		var asks string
		for _, alg := range offered {
			asks += fmt.Sprintf("WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n%s\", algorithm=%s, qop=\"auth\"\r\n", alg, alg)
		}
		again := one[*sip.Request](t, p.got(respond(req, 401, "r", asks, "")))
		cred, err := digest.ParseCredentials(header(again, "Authorization"))
		if err != nil || cred.Algorithm != algorithm || cred.Nonce != "n"+algorithm {
			t.Fatalf("%s: %v %v", algorithm, cred, err)
		}
		want, _ := digest.Digest(&digest.Challenge{Realm: "pbx", Nonce: cred.Nonce, Algorithm: algorithm, QOP: []string{"auth"}},
			digest.Options{Method: "REGISTER", URI: cred.URI, Username: "line", Password: "secret", Cnonce: cred.Cnonce, Count: cred.Nc})
		if want.Response != cred.Response || again.CSeq().SeqNo != req.CSeq().SeqNo+1 {
			t.Errorf("%s: the digest is another", algorithm)
		}
		p.got(respond(again, 200, "r", "Expires: 60\r\n", ""))
		if !p.trunk.up {
			t.Fatalf("%s: not registered", algorithm)
		}
		if m := one[*sip.Request](t, p.later(21 * time.Second)[:1]); m.Method != "OPTIONS" { // whether it still answers
			t.Errorf("%s: then %v", algorithm, m)
		} else {
			p.got(respond(m, 404, "r", "", ""))
		}
		if m := one[*sip.Request](t, p.later(10 * time.Second)[:1]); m.Method != "REGISTER" { // before it ends
			t.Errorf("%s: then %v", algorithm, m)
		}
		p.later(40 * time.Second) // it is not answered
		if p.trunk.up || p.trunk.why != "it does not answer" {
			t.Errorf("%s: a trunk that is silent: %+v", algorithm, p.trunk)
		}
	}
	p := play(t, func(c *Config) { c.Account, c.Password, c.Digest = "line", "secret", "SHA-256" })
	p.trunk.next = began
	req := one[*sip.Request](t, p.later(50*time.Millisecond))
	if out := p.got(respond(req, 401, "r", "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n\", algorithm=MD5\r\n", "")); len(out) > 0 || p.trunk.up {
		t.Errorf("a challenge of another algorithm is answered: %v", out)
	}
	p = play(t, nil) // a fixed peer
	p.trunk.next = began
	req = one[*sip.Request](t, p.later(50*time.Millisecond))
	if p.got(respond(req, 404, "r", "", "")); req.Method != "OPTIONS" || !p.trunk.up {
		t.Errorf("a fixed peer that answers %v: %+v", req.Method, p.trunk)
	}
	if p.later(30 * time.Second); p.trunk.up {
		t.Error("a fixed peer that is silent is up")
	}
}

// TestTrunkThatDies: a trunk with an account that grants an hour and is silent then is down within half a minute.
func TestTrunkThatDies(t *testing.T) {
	// SPEC: PHN-018
	p := play(t, func(c *Config) { c.Account, c.Password = "line", "secret" })
	p.trunk.next = began
	p.got(respond(one[*sip.Request](t, p.later(50*time.Millisecond)), 200, "r", "Expires: 3600\r\n", ""))
	if p.later(31 * time.Second); p.trunk.up {
		t.Error("a dead trunk is up")
	}
}

// TestStale: a number that was stale is answered once more; a trunk that says so each time is not answered without end.
func TestStale(t *testing.T) {
	// SPEC: PHN-012
	p := play(t, func(c *Config) { c.Account, c.Password = "line", "secret" })
	l := p.call("201", sound, false)
	req, tries := one[*sip.Request](t, p.drain()), 0
	for ; l.state != over && tries < 9; tries++ {
		for _, m := range p.got(respond(req, 401, "r", fmt.Sprintf("WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n%d\", algorithm=MD5, qop=\"auth\", stale=true\r\n", tries), "")) {
			if r := m.(*sip.Request); r.Method == "INVITE" {
				req = r
			}
		}
	}
	if tries != 3 {
		t.Errorf("%d INVITEs", tries)
	}
}

// TestChallengedTooLate: a ring that was called off before its challenge came is not begun anew.
func TestChallengedTooLate(t *testing.T) {
	// SPEC: PHN-011 PHN-012
	for _, heard := range []bool{false, true} {
		p := play(t, func(c *Config) { c.Account, c.Password = "line", "secret" })
		l := p.call("201", sound, false)
		req := one[*sip.Request](t, p.drain())
		if heard {
			p.got(respond(req, 100, "", "", ""))
		}
		l.off(0, "")
		p.drain()
		out := p.got(respond(req, 401, "r", "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\r\n", ""))
		if ack := one[*sip.Request](t, out); ack.Method != "ACK" {
			t.Errorf("heard: %v: then %v", heard, ack)
		}
	}
}

// TestAnotherAnswers: of two telephones behind one number one refuses and the other lifts: neither stays in a call with nobody.
func TestAnotherAnswers(t *testing.T) {
	// SPEC: PHN-011
	p := play(t, nil)
	p.call("201", sound, false)
	req := one[*sip.Request](t, p.drain())
	p.got(respond(req, 486, "one", "", ""))
	out := p.got(respond(req, 200, "two", "", theirSDP))
	if len(out) != 2 || out[0].(*sip.Request).Method != "ACK" || out[1].(*sip.Request).Method != "BYE" {
		t.Errorf("%v", out)
	}
}

// TestStrays: a thousand 200s of calls that are not there are answered within a bound.
func TestStrays(t *testing.T) {
	// SPEC: PHN-004
	p := play(t, nil)
	p.call("201", sound, false)
	req := one[*sip.Request](t, p.drain())
	for n := range 1000 {
		p.got(strings.Replace(respond(req, 200, fmt.Sprint("t", n), "", theirSDP), req.Via().Value(), "SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKnone", 1))
	}
	if len(p.asks) > maxAsks || p.dropped < 900 || len(p.sent) > 2*maxAsks+1 {
		t.Errorf("%d requests under way, %d dropped, %d sent", len(p.asks), p.dropped, len(p.sent))
	}
}

// TestAckLost: the ACK of a 200 is lost, and an UPDATE comes next: the ACK that comes then ends the repetition. One that comes
// twice ends nothing of the next offer.
func TestAckLost(t *testing.T) {
	// SPEC: PHN-010
	p := play(t, nil)
	p.got(request("INVITE", "in", 1, "", "", theirSDP))
	l := p.legs[0]
	l.accept()
	p.drain()
	p.got(request("UPDATE", "in", 2, l.tag, "", theirSDP))
	p.got(request("ACK", "in", 1, l.tag, "", ""))
	if out := p.later(40 * time.Second); l.state != up || len(out) > 0 {
		t.Errorf("%s %s: %v", l.state, l.why, out)
	}
	p.got(request("INVITE", "in", 3, l.tag, "", "")) // without an offer
	if p.got(request("ACK", "in", 1, l.tag, "", "")); l.state != up || !l.late {
		t.Errorf("an ACK of before: %s %s", l.state, l.why)
	}
	p.got(request("ACK", "in", 3, l.tag, "", theirSDP))
	if p.later(40 * time.Second); l.state != up || l.late {
		t.Errorf("%s %s", l.state, l.why)
	}
	ours := p.call("202", sound, false)
	req := p.drain()[0].(*sip.Request)
	p.got(respond(req, 200, "their", "", theirSDP))
	p.got(strings.Replace(request("ACK", "x", 1, ours.tag, "", ""), "Call-ID: x", "Call-ID: "+ours.callID, 1)) // nothing of ours is acknowledged by them
	if ours.state != up {
		t.Errorf("%s", ours.state)
	}
}

// TestSix: a trunk at an IPv6 address is asked, and its answers are read.
func TestSix(t *testing.T) {
	// SPEC: PHN-018 PHN-070
	for _, account := range []string{"", "line"} {
		p := play(t, func(c *Config) {
			c.Trunk, c.Bind, c.Account = netip.MustParseAddrPort("[2001:db8::20]:5060"), netip.MustParseAddrPort("[2001:db8::10]:5060"), account
		})
		p.trunk.next = began
		if p.got(respond(one[*sip.Request](t, p.later(50*time.Millisecond)), 200, "r", "", "")); !p.trunk.up {
			t.Errorf("account %q: %s", account, p.trunk.why)
		}
	}
}

// lift makes a leg that an extension began and that is up.
func lift(t *testing.T, p *player, extra string) *leg {
	t.Helper()
	p.got(request("INVITE", "in", 1, "", extra, theirSDP))
	l := p.legs[len(p.legs)-1]
	l.accept()
	p.drain()
	p.got(request("ACK", "in", 1, l.tag, "", ""))
	if l.state != up || l.request.every != 0 {
		t.Fatalf("not up: %s", l.state)
	}
	return l
}

func TestHoldAndGlare(t *testing.T) {
	// SPEC: PHN-015 PHN-016 PHN-021
	p := play(t, nil)
	l := lift(t, p, "Supported: timer\r\nSession-Expires: 100;refresher=uas\r\n")
	hold := strings.Replace(theirSDP, "a=rtpmap", "a=sendonly\r\na=rtpmap", 1)
	res := one[*sip.Response](t, p.got(request("INVITE", "in", 2, l.tag, "Session-Expires: 100;refresher=uas\r\n", hold)))
	if !l.theirs.held() || !strings.Contains(string(res.Body()), "a=recvonly") {
		t.Errorf("hold: %s", res.Body())
	}
	p.got(request("ACK", "in", 2, l.tag, "", ""))
	if res := one[*sip.Response](t, p.got(request("INVITE", "in", 2, l.tag, "Via-Is: another\r\n", theirSDP))); res.StatusCode != 200 {
		t.Errorf("the same again: %d", res.StatusCode)
	}
	if res := one[*sip.Response](t, p.got(request("BYE", "in", 1, l.tag, "", ""))); res.StatusCode != 500 || l.state != up {
		t.Errorf("an older request: %d", res.StatusCode)
	}
	req := one[*sip.Request](t, p.later(51 * time.Second)[:1]) // it is ours to refresh: half of it
	if req.Method != "INVITE" {
		t.Fatalf("no refresh: %v", req)
	}
	res = one[*sip.Response](t, p.got(request("INVITE", "in", 3, l.tag, "", theirSDP)))
	if res.StatusCode != 491 {
		t.Errorf("glare: %d", res.StatusCode)
	}
	p.got(strings.Replace(request("ACK", "in", 3, l.tag, "", ""), "3ACK", "3INVITE", 1))
	p.got(respond(req, 491, "their", "", ""))
	again := p.later(3 * time.Second)
	if r, ok := again[0].(*sip.Request); !ok || r.Method != "INVITE" {
		t.Fatalf("not tried again after a glare: %v", again)
	} else if one[*sip.Request](t, p.got(respond(r, 200, "their", "Session-Expires: 100;refresher=uac\r\n", theirSDP))).Method != "ACK" {
		t.Error("not acknowledged")
	}
	if res := one[*sip.Response](t, p.got(request("BYE", "in", 9, l.tag, "", ""))); res.StatusCode != 200 || l.state != over || l.why != "hung up" {
		t.Errorf("BYE: %d %s", res.StatusCode, l.why)
	}
}

// TestEverySecondAnotherOffer: a PBX that re-INVITEs every second for ten minutes is answered and leaves nothing behind.
func TestEverySecondAnotherOffer(t *testing.T) {
	// SPEC: PHN-004 PHN-016
	p := play(t, nil)
	l := lift(t, p, "")
	for n := range 600 {
		if res := one[*sip.Response](t, p.got(request("INVITE", "in", n+2, l.tag, "", theirSDP))); res.StatusCode != 200 {
			t.Fatalf("offer %d: %d", n, res.StatusCode)
		}
		p.got(request("ACK", "in", n+2, l.tag, "", ""))
		p.later(time.Second)
	}
	if l.state != up || len(p.answers) > 70 {
		t.Errorf("%s, %d answers kept", l.state, len(p.answers))
	}
}

func TestSessionEnds(t *testing.T) {
	// SPEC: PHN-017
	p := play(t, nil)
	l := lift(t, p, "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n")
	if p.later(55 * time.Second); l.state != up {
		t.Fatal("over too soon")
	}
	if res := one[*sip.Response](t, p.got(request("UPDATE", "in", 2, l.tag, "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n", ""))); res.StatusCode != 200 || header(res, "Session-Expires") != "90;refresher=uac" {
		t.Errorf("UPDATE: %v", res)
	}
	if p.later(55 * time.Second); l.state != up {
		t.Fatal("over though it was refreshed")
	}
	if out := p.later(10 * time.Second); l.state != over || len(out) == 0 || out[0].(*sip.Request).Method != "BYE" {
		t.Errorf("not over: %v", out)
	}
}

func TestNeverAcknowledged(t *testing.T) {
	// SPEC: PHN-010
	p := play(t, nil)
	p.got(request("INVITE", "in", 1, "", "", theirSDP))
	l := p.legs[0]
	l.accept()
	oks := 0
	for _, m := range p.later(40 * time.Second) {
		if res, ok := m.(*sip.Response); ok && res.StatusCode == 200 {
			oks++
		}
	}
	if l.state != over || l.why != "not acknowledged" || oks < 8 {
		t.Errorf("%s (%s) after %d times 200", l.state, l.why, oks)
	}
}

func TestCancelled(t *testing.T) {
	// SPEC: PHN-010
	p := play(t, nil)
	p.got(request("INVITE", "in", 1, "", "", theirSDP))
	l := p.legs[0]
	l.rings()
	p.drain()
	cancel := strings.Replace(request("CANCEL", "in", 1, "", "", ""), "branch=z9hG4bKin1CANCEL", "branch=z9hG4bKin1INVITE", 1)
	out := p.got(cancel)
	if len(out) != 2 || out[0].(*sip.Response).StatusCode != 200 || out[1].(*sip.Response).StatusCode != 487 || l.state != over || l.why != "cancelled" {
		t.Errorf("%v: %s", out, l.why)
	}
}

// TestNoOffer: a call without an offer gets ours, and says its own with its ACK.
func TestNoOffer(t *testing.T) {
	// SPEC: PHN-020 PHN-021
	p := play(t, nil)
	p.got(request("INVITE", "in", 1, "", "", ""))
	l := p.legs[0]
	l.accept()
	res := one[*sip.Response](t, p.drain())
	if !strings.Contains(string(res.Body()), "m=audio 16384 RTP/AVP 0 8 101\r\n") {
		t.Errorf("our offer: %s", res.Body())
	}
	p.got(request("ACK", "in", 1, l.tag, "", theirSDP))
	if l.theirs.to != netip.MustParseAddrPort("192.0.2.20:20000") || l.state != up {
		t.Errorf("%v %s", l.theirs, l.state)
	}
}

// TestFlood: twenty thousand INVITEs that nobody acknowledges, and OPTIONS after them, cost what is bounded; OPTIONS is answered
// meanwhile and after.
func TestFlood(t *testing.T) {
	// SPEC: PHN-004
	p := play(t, nil)
	for n := range 20000 {
		p.got(request("INVITE", fmt.Sprint("flood", n), 1, "", "", theirSDP))
		p.sent = nil
		if n%500 == 0 {
			p.later(50 * time.Millisecond)
		}
	}
	if res := one[*sip.Response](t, p.got(request("OPTIONS", "meanwhile", 1, "", "", ""))); res.StatusCode != 200 {
		t.Errorf("OPTIONS in the flood: %d", res.StatusCode)
	}
	if len(p.answers) > maxInvites+1 || len(p.agent.legs) > maxLegs || p.dropped < 19000 {
		t.Errorf("%d answers, %d legs, %d dropped", len(p.answers), len(p.agent.legs), p.dropped)
	}
	for n := range 300 {
		p.got(request("OPTIONS", fmt.Sprint("options", n), 1, "", "", ""))
	}
	if len(p.answers) != maxAnswers {
		t.Errorf("%d answers after 300 OPTIONS more, not %d", len(p.answers), maxAnswers)
	}
	for _, l := range p.legs {
		l.off(480, "")
	}
	p.later(5 * time.Minute)
	if len(p.answers) > 0 || len(p.agent.legs) > 0 {
		t.Errorf("%d answers and %d legs stay", len(p.answers), len(p.agent.legs))
	}
	if res := one[*sip.Response](t, p.got(request("OPTIONS", "o", 1, "", "", ""))); res.StatusCode != 200 {
		t.Errorf("OPTIONS: %d", res.StatusCode)
	}
}

func FuzzMessage(f *testing.F) {
	for _, s := range []string{request("INVITE", "in", 1, "", "Session-Expires: 100\r\n", theirSDP), request("BYE", "in", 2, "x", "", ""), request("OPTIONS", "o", 1, "", "", ""),
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parser.ParseSIP(b)
		if err != nil {
			if out := unreadable(b); out != nil && (!bytes.HasPrefix(out, []byte("SIP/2.0 4")) || len(out) > len(b)+200 || bytes.Count(out, []byte("\r\n\r\n")) != 1 || unreadable(out) != nil) {
				t.Errorf("%q is answered %q", b, out)
			}
			return
		}
		p := play(t, nil)
		p.call("202", sound, false)
		p.received(parcel{msg: m, peer: pbxAt})
		for _, l := range p.legs {
			l.rings()
			l.accept()
			l.off(0, "")
		}
		p.tick(p.now.Add(time.Minute))
		if len(p.out) > 64 {
			t.Errorf("one message makes %d", len(p.out))
		}
	})
}
