// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

// torture are messages with the properties that RFC 4475 lists, in its order, each made of an ordinary one of ours: what is
// changed in it, and what we answer. Table and text of spec/phone.md are drawn from it.
var torture = []struct {
	section, what string
	method        string
	change        func(string) string
	answer        int
}{
	{"3.1.1.1", "folded headers, short names, odd spaces and case in an INVITE of its own", "INVITE", swap("Via: SIP/2.0/UDP", "v: SIP  / 2.0\r\n /UDP", "Max-Forwards: 70", "max-forwards:\t 0068", "Call-ID:", "i:", "CSeq: 1 INVITE", "CSeq: 0001\r\n  INVITE"), 100},
	{"3.1.1.2", "a method and a user of every character that may stand there", "OPTIONS", swap("OPTIONS", "!odd-Method0123456789_*+`.%indeed'~"), 501},
	{"3.1.1.3", "escapes in the user", "OPTIONS", swap("sip:line@", "sip:l%69n%65@"), 200},
	{"3.1.1.4", "escaped zeros in the user", "OPTIONS", swap("sip:line@", "sip:null-%00-null@"), 200},
	{"3.1.1.5", "a percent sign that is no escape, in the method", "OPTIONS", swap("OPTIONS", "OPT%49ONS"), 501},
	{"3.1.1.6", "no space between a name and its address", "OPTIONS", swap("From: <", `From: "Watch"<`), 200},
	{"3.1.1.7", "very long values", "OPTIONS", swap("Max-Forwards", "Subject: "+strings.Repeat("long ", 400)+"\r\nMax-Forwards", "From: <", `From: "`+strings.Repeat("I have a name ", 60)+`" <`), 200},
	{"3.1.1.8", "more octets behind the message", "OPTIONS", func(s string) string { return s + "INVITE sip:more@192.0.2.10 SIP/2.0\r\n\r\n" }, 200},
	{"3.1.1.9", "parameters within the user", "OPTIONS", swap("sip:line@", "sip:line;par=u%40example@"), 200},
	{"3.1.1.10", "transports that nobody knows in further Vias", "OPTIONS", swap("Max-Forwards", "Via: SIP/2.0/SCTP 192.0.2.30;branch=z9hG4bKa\r\nVia: SIP/2.0/UNKNOWN 192.0.2.31;branch=z9hG4bKb\r\nMax-Forwards"), 200},
	{"3.1.1.11", "a body of several parts", "INVITE", swap("application/sdp", "multipart/mixed;boundary=x"), 415},
	{"3.1.2.1", "separators of headers too many", "INVITE", swap("Contact: <", "Contact: , <", ";rport", ";;,;,,"), 400},
	{"3.1.2.2", "a length longer than the message", "INVITE", swap("Content-Length: 1", "Content-Length: 9991"), 400},
	{"3.1.2.3", "a length below zero", "INVITE", swap("Content-Length: ", "Content-Length: -"), 400},
	{"3.1.2.4", "numbers far too large", "OPTIONS", swap("CSeq: 1", "CSeq: 36893488147419103232"), 400},
	{"3.1.2.6", "a quotation mark that is not closed", "OPTIONS", swap("To: <", `To: "Mr. Watch <`), 400},
	{"3.1.2.7", "angle brackets around the address of the request", "OPTIONS", swap("OPTIONS sip:line@192.0.2.10 ", "OPTIONS <sip:line@192.0.2.10> "), 400},
	{"3.1.2.8", "spaces within the address of the request", "OPTIONS", swap("OPTIONS sip:line@192.0.2.10 ", "OPTIONS sip:line@192.0.2.10; par "), 400},
	{"3.1.2.9", "several spaces in the first line", "OPTIONS", swap("OPTIONS sip:line@192.0.2.10 ", "OPTIONS  sip:line@192.0.2.10  "), 400},
	{"3.1.2.10", "spaces behind the first line", "OPTIONS", swap("SIP/2.0\r\nVia", "SIP/2.0  \r\nVia"), 400},
	{"3.1.2.11", "headers in the address of the request", "OPTIONS", swap("OPTIONS sip:line@192.0.2.10 ", "OPTIONS sip:line@192.0.2.10?Route=%3Csip:other%3E "), 200},
	{"3.1.2.12", "a time zone that is none in Date", "OPTIONS", swap("Max-Forwards", "Date: Fri, 01 Jan 2010 16:00:00 EST\r\nMax-Forwards"), 200},
	{"3.1.2.13", "an address with headers and no brackets", "OPTIONS", swap("Contact: <sip:201@192.0.2.20:5060>", "Contact: sip:201@192.0.2.20?Route=%3Csip:other%3E"), 200},
	{"3.1.2.14", "spaces within an address", "OPTIONS", swap("To: <sip:line@192.0.2.10>", `To: "Watch" < sip:line@192.0.2.10 >`), 400},
	{"3.1.2.15", "letters that may not stand in a name without quotation marks", "OPTIONS", swap("From: <", "From: Bell, Alexander <"), 200},
	{"3.1.2.16", "another version", "OPTIONS", swap("SIP/2.0\r\nVia", "SIP/7.0\r\nVia"), 505},
	{"3.1.2.17", "CSeq names another method", "OPTIONS", swap("CSeq: 1 OPTIONS", "CSeq: 1 INVITE"), 400},
	{"3.1.2.18", "a method that nobody knows, and CSeq names another", "OPTIONS", swap("OPTIONS sip", "NEWMETHOD sip"), 501},
	{"3.2.1", "a branch that names no transaction", "OPTIONS", swap("branch=z9hG4bKt1OPTIONS", "branch=z9hG4bK"), 200},
	{"3.3.1", "no Call-ID", "INVITE", swap("Call-ID: t\r\n", ""), 400},
	{"3.3.2", "a scheme that nobody knows", "OPTIONS", swap("OPTIONS sip:line@192.0.2.10", "OPTIONS nobodyKnows:it"), 416},
	{"3.3.3", "a scheme that others use", "OPTIONS", swap("OPTIONS sip:line@192.0.2.10", "OPTIONS soap.beep://192.0.2.103:3002"), 416},
	{"3.3.4", "a scheme that nobody knows in To", "OPTIONS", swap("To: <sip:line@192.0.2.10>", "To: <isbn:2983792873>"), 200},
	{"3.3.5", "extensions that nobody has are required", "OPTIONS", swap("Max-Forwards", "Require: nothing, nothing-either\r\nProxy-Require: no-proxy\r\nMax-Forwards"), 420},
	{"3.3.6", "a body of a type that nobody knows", "INVITE", swap("application/sdp", "application/unknown"), 415},
	{"3.3.7", "a scheme of authorization that nobody knows", "OPTIONS", swap("Max-Forwards", "Authorization: NoOneKnows opaque-data=here\r\nMax-Forwards"), 200},
	{"3.3.8", "two values where one may stand", "OPTIONS", swap("CSeq: 1 OPTIONS", "CSeq: 1 OPTIONS\r\nCSeq: 59 OPTIONS\r\nCall-ID: other"), 400},
	{"3.3.9", "two lengths", "OPTIONS", swap("Content-Length: 0", "Content-Length: 0\r\nContent-Length: 5"), 400},
	{"3.3.11", "no hops left in a question to us", "OPTIONS", swap("Max-Forwards: 70", "Max-Forwards: 0"), 200},
	{"3.3.11", "no hops left in a call", "INVITE", swap("Max-Forwards: 70", "Max-Forwards: 0"), 483},
	{"3.3.12", "a contact that another registers here", "REGISTER", swap("Contact: <sip:201@192.0.2.20:5060>", "Contact: <sip:other@192.0.2.44?Route=%3Csip:sip.example%3E>"), 405},
	{"3.3.13", "a contact of a parameter that nobody knows", "REGISTER", swap("Contact: <sip:201@192.0.2.20:5060>", "Contact: <sip:201@192.0.2.20;unknown=x>;unknown=y"), 405},
	{"3.3.14", "every contact is to be unregistered", "REGISTER", swap("Contact: <sip:201@192.0.2.20:5060>", "Contact: *\r\nExpires: 0"), 405},
	{"3.3.15", "an answer that can be of no type that we have", "INVITE", swap("Max-Forwards", "Accept: text/nobody-knows\r\nMax-Forwards"), 406},
	{"3.4.1", "an INVITE as RFC 2543 had it: no branch", "INVITE", swap(";branch=z9hG4bKt1INVITE;rport", ""), 100},
}

// swap changes parts of a message.
func swap(pairs ...string) func(string) string {
	return func(s string) string { return strings.NewReplacer(pairs...).Replace(s) }
}

// judgeTorture has every message answered as the table says; n tells one from the others.
func judgeTorture(t *testing.T, answer func(text string, n int) (code int)) {
	t.Helper()
	var table strings.Builder
	for n, c := range torture {
		body := ""
		if c.method == "INVITE" {
			body = theirSDP
		}
		plain := request(c.method, "t", 1, "", "", body)
		text := c.change(plain)
		if text == plain {
			t.Errorf("%s %s: nothing is changed", c.section, c.what)
		}
		if got := answer(text, n); got != c.answer {
			t.Errorf("%s %s: %d, want %d", c.section, c.what, got, c.answer)
		}
		fmt.Fprintf(&table, "| %s | %s | %d |\n", c.section, c.what, c.answer)
	}
	spec, err := os.ReadFile("../../../spec/phone.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(spec), table.String()) {
		t.Errorf("spec/phone.md has another table:\n%s", table.String())
	}
}

// codeOf is the code of a message, 0 where it is no answer.
func codeOf(b []byte) (code int) {
	_, _ = fmt.Sscanf(string(b), "SIP/2.0 %d", &code)
	return code
}

// TestTorture: messages with the properties of RFC 4475's are answered as spec/phone.md says.
func TestTorture(t *testing.T) {
	// SPEC: PHN-002 PHN-013 PHN-019
	judgeTorture(t, func(text string, _ int) int {
		m, err := parser.ParseSIP([]byte(text))
		if err != nil {
			return codeOf(unreadable([]byte(text)))
		}
		p := play(t, nil)
		p.received(parcel{msg: m, peer: pbxAt})
		for _, out := range p.out {
			if code := codeOf(out.data); code != 0 {
				return code
			}
		}
		return 0
	})
	for what, text := range map[string]string{"an ACK": "ACK <sip:a@b> SIP/2.0\r\nVia: x\r\n\r\n", "no Via": "OPTIONS <sip:a@b> SIP/2.0\r\nTo: x\r\n\r\n", "an answer": "SIP/2.0 200 SIP/2.0\r\nVia: x\r\n\r\n", "no SIP": "GET / HTTP/1.1\r\nVia: x\r\n\r\n", "nothing": ""} {
		if b := unreadable([]byte(text)); b != nil {
			t.Errorf("%s is answered %q", what, b)
		}
	}
}

// TestTortureOverASocket: the same messages, each in a packet to a trunk that is served, in a network without a way out; a stranger's
// gets nothing.
func TestTortureOverASocket(t *testing.T) {
	// SPEC: PHN-001 PHN-019
	if apart(t) {
		return
	}
	var ends [2]*net.UDPConn
	for i, at := range []string{"127.0.0.2:5060", "127.0.0.3:5060"} {
		var err error
		if ends[i], err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(at))); err != nil {
			t.Fatal(err)
		}
		defer ends[i].Close()
	}
	ours := netip.MustParseAddrPort("127.0.0.1:5060")
	e, err := New(Config{Name: "borealia", Trunk: netip.MustParseAddrPort("127.0.0.2:5060"), Bind: ours, Media: 16384, Digest: "MD5", Prompt: "en", Extensions: []Extension{{"201", "extension 201"}}}, newFakeLine(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	buf := make([]byte, 65536)
	judgeTorture(t, func(text string, n int) int {
		id := fmt.Sprintf("t%dq", n)
		text = strings.NewReplacer("z9hG4bKt1", "z9hG4bK"+id, "ID: t\r\n", "ID: "+id+"\r\n", "i: t\r\n", "i: "+id+"\r\n").Replace(text)
		for _, end := range ends {
			if _, err := end.WriteToUDPAddrPort([]byte(text), ours); err != nil {
				t.Fatal(err)
			}
		}
		for end := time.Now().Add(10 * time.Second); ; {
			_ = ends[0].SetReadDeadline(end)
			k, err := ends[0].Read(buf)
			if err != nil {
				return 0
			}
			if code := codeOf(buf[:k]); code != 0 && strings.Contains(string(buf[:k]), id) {
				return code
			}
		}
	})
	_ = ends[1].SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if k, err := ends[1].Read(buf); err == nil {
		t.Errorf("a stranger is answered: %q", buf[:k])
	}
}

// TestUnreadableBehindAGoodOne: over TCP it is the one that cannot be read that is answered 400, whatever came before it in the
// same segment, or of it in another; one that comes again gets the same answer.
func TestUnreadableBehindAGoodOne(t *testing.T) {
	// SPEC: PHN-002 PHN-019
	bad := strings.Replace(request("OPTIONS", "bad", 1, "", "", ""), "Content-Length: 0", "Content-Length: -5", 1)
	if one := unreadable([]byte(bad)); one == nil || !bytes.Equal(one, unreadable([]byte(bad))) || bytes.Equal(one[len(one)-80:], unreadable([]byte(strings.Replace(bad, "bad", "other", 1)))) {
		t.Errorf("%s", one)
	}
	for _, apart := range []bool{false, true} {
		h := trunkOf(t, true, nil)
		half := len(bad) / 2
		h.write(request("OPTIONS", "good", 1, "", "", "") + bad[:half])
		if apart {
			h.wait("the good one is answered", func() bool { return h.has("200 OPTIONS") })
		}
		h.write(bad[half:])
		h.wait("the bad one is answered", func() bool { return h.has("400 OPTIONS") })
		h.mu.Lock()
		refused := h.oks["400 OPTIONS"].CallID().Value()
		h.mu.Unlock()
		if refused != "bad" {
			t.Errorf("in two segments %v: 400 to %s", apart, refused)
		}
	}
}

// TestTortureAnswers: an answer with an odd or no reason counts, one with a number that is none or another's Via does not.
func TestTortureAnswers(t *testing.T) {
	// SPEC: PHN-019
	for what, c := range map[string]struct {
		change func(string) string
		rings  bool
	}{
		"an ordinary one":                  {swap("x", "x"), true},
		"3.1.1.12 a reason of any letters": {swap("180 X", "180 = 2**3 * 9\u00df, \u0438\u0434\u0451\u0442"), true},
		"3.1.1.13 no reason":               {swap("180 X", "180 "), true},
		"3.1.2.5 numbers far too large":    {swap("CSeq: 1", "CSeq: 9292394834772304023312"), false},
		"3.1.2.19 a number that is none":   {swap("180 X", "4294967301 X"), false},
		"3.3.10 the Via of somebody else":  {swap("branch=z9hG4bK", "branch=z9hG4bKother"), false},
	} {
		p := play(t, nil)
		l := p.call("201", sound, false)
		req := one[*sip.Request](t, p.drain())
		if m, err := parser.ParseSIP([]byte(c.change(respond(req, 180, "ph", "", "")))); err == nil {
			p.received(parcel{msg: m, peer: pbxAt})
		}
		if l.rang.IsZero() == c.rings {
			t.Errorf("%s: rings %v", what, l.rang)
		}
	}
}
