// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// The timers of RFC 3261.
const (
	t1      = 500 * time.Millisecond
	t2      = 4 * time.Second
	timeout = 64 * t1
)

const (
	maxAnswers = 256 // server transactions
	maxInvites = 64  // of them, of calls that begin: what else is asked meanwhile is answered
	maxAsks    = 64  // our requests, past which no 200 of a call that is not there is answered
	maxLegs    = 16
	maxVias    = 16
	allow      = "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\r\nSupported: timer\r\n"
)

// parcel is a message with whom it came from or goes to: a connection, or an address where there is none.
type parcel struct {
	data []byte
	msg  sip.Message
	over *stream
	peer netip.AddrPort
}

// agent is a SIP user agent that speaks with one peer, the trunk. It is pure: messages and the time go in, parcels and events
// come out. Whatever a message names, requests go to the trunk and answers to where their request came from.
type agent struct {
	cfg      Config
	now      time.Time
	id       string // of this life, in our tags
	out      []parcel
	asks     map[string]*ask                // our requests, by branch
	answers  map[string]*answer             // theirs, by branch, sender and method; without a branch of RFC 3261 by the fields that its 17.2.3 names
	legs     map[string]*leg                // by Call-ID and our tag
	happened func(*leg, string)             // answered, over, asked, media; trunk: how it stands, with no leg
	open     func() (netip.AddrPort, error) // a place for the sound of a call that comes in
	trunk    registration
	dropped  uint64
}

// ask is a request of ours until it is answered.
type ask struct {
	method, uri string
	seq         *uint32 // of its dialog
	head        string  // From, To, Call-ID and what is the method's own
	body        string
	auth        string
	number      uint32 // of CSeq
	branch      string
	data, ack   []byte // ack: what a final answer that comes again gets
	next, until time.Time
	every       time.Duration
	tried       int // with the password
	heard       bool
	leg         *leg                // of an INVITE
	on          func(*sip.Response) // nil: no answer in time
}

// answer is a request of theirs until it can come no more.
type answer struct {
	req         *sip.Request
	from        parcel
	tag         string
	data        []byte // the newest answer
	next, until time.Time
	every       time.Duration // of a final answer to INVITE, until it is acknowledged; 0: it is not repeated
	code        int           // of the newest answer
	final       bool
	leg         *leg
}

func newAgent(cfg Config) *agent {
	return &agent{cfg: cfg, id: random(4), asks: map[string]*ask{}, answers: map[string]*answer{}, legs: map[string]*leg{}, happened: func(*leg, string) {}}
}

// random gives n random bytes in hexadecimal.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func (a *agent) transport() string {
	switch {
	case a.cfg.TLS != nil:
		return "TLS"
	case a.cfg.TCP:
		return "TCP"
	}
	return "UDP"
}

// contact is where we are found.
func (a *agent) contact() string {
	s := "sip:" + cmp.Or(a.cfg.Account, "line") + "@" + a.cfg.Bind.String()
	if a.cfg.TCP {
		s += ";transport=" + strings.ToLower(a.transport())
	}
	return s
}

// aor is the address of an account at the trunk.
func (a *agent) aor(user string) string {
	host := a.cfg.Trunk.Addr().String()
	if a.cfg.Trunk.Addr().Is6() {
		host = "[" + host + "]"
	}
	return "sip:" + strings.ReplaceAll(user, "#", "%23") + "@" + host
}

// send sends a request, repeated over UDP until it is answered.
//
// SPEC: PHN-010
func (a *agent) send(q *ask) {
	*q.seq++
	q.number, q.branch, q.heard = *q.seq, "z9hG4bK"+random(10), false
	a.launch(q.branch, q)
}

// launch sends a request whose number and branch stand.
func (a *agent) launch(key string, q *ask) {
	q.data = a.request(q.method, q.uri, q.branch, q.number, q.head, q.auth, q.body)
	q.until, q.every = a.now.Add(timeout), t1
	q.next = a.now.Add(q.every)
	a.asks[key] = q
	a.emit(parcel{data: q.data})
}

func (a *agent) emit(p parcel) { a.out = append(a.out, p) }

func (a *agent) request(method, uri, branch string, number uint32, head, auth, body string) []byte {
	if body != "" {
		head += "Content-Type: application/sdp\r\n"
	}
	return fmt.Appendf(nil, "%s %s SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=%s;rport\r\nMax-Forwards: 70\r\n%sCSeq: %d %s\r\n%sUser-Agent: Parley\r\nContent-Length: %d\r\n\r\n%s",
		method, uri, a.transport(), a.cfg.Bind, branch, head, number, method, auth, len(body), body)
}

// received takes a message of the trunk.
func (a *agent) received(p parcel) {
	switch m := p.msg.(type) {
	case *sip.Response:
		a.response(m)
	case *sip.Request:
		a.ask(p, m)
	}
}

// response takes an answer to a request of ours.
func (a *agent) response(res *sip.Response) {
	via, cseq := res.Via(), res.CSeq()
	if via == nil || cseq == nil || res.CallID() == nil || res.From() == nil || res.To() == nil || res.StatusCode < 100 || res.StatusCode > 699 {
		a.dropped++
		return
	}
	branch, _ := via.Params.Get("branch")
	if cseq.MethodName == sip.CANCEL { // its branch is the INVITE's
		branch = "CANCEL " + branch
	}
	q := a.asks[branch]
	final := res.StatusCode >= 200
	switch {
	case q == nil || string(cseq.MethodName) != q.method:
		if cseq.MethodName == sip.INVITE && res.IsSuccess() {
			a.stray(res)
		}
		return
	case !final:
		if q.heard = true; q.method == "INVITE" {
			q.until = a.now.Add(maxRinging)
		}
	case q.ack != nil:
		if res.IsSuccess() { // of another telephone that was rung for the same number
			a.stray(res)
			return
		}
		a.emit(parcel{data: q.ack}) // it came again
		return
	case q.method == "INVITE" && !res.IsSuccess():
		q.ack = a.ackOf(q, res)
		a.emit(parcel{data: q.ack})
		q.until = a.now.Add(timeout)
	default:
		delete(a.asks, branch)
	}
	if (res.StatusCode == 401 || res.StatusCode == 407) && a.authorize(q, res) {
		return
	}
	q.on(res)
}

// ackOf acknowledges a refusal of an INVITE.
func (a *agent) ackOf(q *ask, res *sip.Response) []byte {
	head := q.head
	var kept strings.Builder
	for line := range strings.Lines(head) {
		if strings.HasPrefix(line, "From:") || strings.HasPrefix(line, "Call-ID:") || strings.HasPrefix(line, "Route:") {
			kept.WriteString(line)
		}
	}
	return a.request("ACK", q.uri, q.branch, q.number, kept.String()+"To: "+res.To().Value()+"\r\n", q.auth, "")
}

// authorize sends a request again with what the trunk asks for; false where that cannot be. Of several challenges the one of
// the algorithm that the configuration names is answered, and no other.
//
// SPEC: PHN-012
func (a *agent) authorize(q *ask, res *sip.Response) bool {
	ask, give := "WWW-Authenticate", "Authorization"
	if res.StatusCode == 407 {
		ask, give = "Proxy-Authenticate", "Proxy-Authorization"
	}
	if a.cfg.Password == "" || q.method == "ACK" || q.method == "CANCEL" || q.leg != nil && q.leg.state == over {
		return false
	}
	for _, h := range res.GetHeaders(ask) {
		c, err := digest.ParseChallenge(h.Value())
		if err != nil || !strings.EqualFold(cmp.Or(c.Algorithm, "MD5"), a.cfg.Digest) || q.tried > 1 || q.tried == 1 && !c.Stale {
			continue
		}
		cred, err := digest.Digest(c, digest.Options{Method: q.method, URI: q.uri, Username: a.cfg.Account, Password: a.cfg.Password, Count: 1})
		if err != nil {
			continue
		}
		again := *q
		again.tried, again.ack = q.tried+1, nil
		again.auth = give + ": " + cred.String() + "\r\n"
		a.send(&again)
		if q.leg != nil && q.leg.invite == q {
			q.leg.invite = &again
		}
		return true
	}
	return false
}

// ask takes a request of the trunk: what came before is answered as before.
func (a *agent) ask(p parcel, req *sip.Request) {
	via, cseq := req.Via(), req.CSeq()
	if via == nil || cseq == nil || req.CallID() == nil || req.From() == nil || req.To() == nil || len(req.GetHeaders("Via")) > maxVias || len(*req.CallID()) > 256 {
		a.dropped++
		if b := unreadable([]byte(req.String())); b != nil {
			a.emit(parcel{data: b, over: p.over, peer: p.peer})
		}
		return
	}
	if v, ok := via.Params.Get("rport"); p.peer.IsValid() { // by its address: what a Via names is never looked up
		via.Params.Add("received", p.peer.Addr().String())
		if !ok {
			p.peer = netip.AddrPortFrom(p.peer.Addr(), uint16(cmp.Or(via.Port, 5060)))
		} else if v == "" {
			via.Params.Add("rport", strconv.Itoa(int(p.peer.Port())))
		}
	}
	branch, _ := via.Params.Get("branch")
	key := branch + " " + via.SentBy() + " "
	invite := a.answers[key+"INVITE"]
	if !strings.HasPrefix(branch, "z9hG4bK") {
		from, _ := req.From().Params.Get("tag")
		to, _ := req.To().Params.Get("tag")
		all := fmt.Sprintf("%s %q %q %q %d ", via.Value(), req.Recipient.String(), from, *req.CallID(), cseq.SeqNo)
		key = fmt.Sprintf("%s%q ", all, to)
		invite = a.answers[key+"INVITE"]
		if t := a.answers[all+`"" INVITE`]; req.Method == sip.ACK && t != nil && t.tag == to { // of our answer
			invite = t
		}
	}
	switch {
	case req.Method == sip.ACK:
		if invite != nil && invite.code >= 300 {
			invite.every = 0
			return
		}
		if l := a.legOf(req.CallID(), req.To(), req.From()); l != nil {
			l.acked(req)
		}
		return
	case a.answers[key+string(req.Method)] != nil:
		if t := a.answers[key+string(req.Method)]; t.data != nil {
			a.emit(parcel{data: t.data, over: t.from.over, peer: t.from.peer})
		}
		return
	case len(a.answers) >= maxAnswers || begins(req) && a.beginning() >= maxInvites:
		a.dropped++
		return
	}
	t := &answer{req: req, from: p, tag: a.id + random(4), until: a.now.Add(timeout)}
	if tag, ok := req.To().Params.Get("tag"); ok {
		t.tag = tag
	}
	a.answers[key+string(req.Method)] = t
	if code, reason, extra := refusal(req); code != 0 {
		a.answer(t, code, reason, extra, "")
		return
	}
	a.serve(t, invite)
}

// unreadable answers a request that cannot be read by what of it can: 400, or 416 where the scheme of its address is not ours; nil
// where it is no request, is an ACK, or says nobody who asks (Via).
//
// SPEC: PHN-002 PHN-019
func unreadable(b []byte) []byte {
	head, _, _ := strings.Cut(string(b[:min(len(b), maxMessage)]), "\r\n\r\n")
	first, rest, _ := strings.Cut(strings.NewReplacer("\r\n ", " ", "\r\n\t", " ").Replace(head), "\r\n")
	words := strings.Fields(first)
	if len(words) < 3 || words[0] == "ACK" || strings.HasPrefix(words[0], "SIP/") || !strings.HasPrefix(words[len(words)-1], "SIP/") {
		return nil
	}
	out := "SIP/2.0 400 Bad Request\r\n"
	if scheme, _, ok := strings.Cut(strings.ToLower(words[1]), ":"); ok && scheme != "sip" && scheme != "sips" && strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == "" {
		out = "SIP/2.0 416 Unsupported URI Scheme\r\n"
	}
	vias, once := 0, map[string]string{"from": "From", "f": "From", "to": "To", "t": "To", "call-id": "Call-ID", "i": "Call-ID", "cseq": "CSeq"}
	for line := range strings.SplitSeq(rest, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		full := once[name]
		switch {
		case strings.ContainsAny(line, "\r\n"):
		case name == "via" || name == "v":
			vias++
			out += "Via:" + value + "\r\n"
		case full != "" && !strings.Contains(out, "\r\n"+full+":"):
			if out += full + ":" + value; full == "To" && !strings.Contains(strings.ToLower(value), ";tag=") {
				out += fmt.Sprintf(";tag=%.8x", sha256.Sum256(b)) // one that comes again gets the same
			}
			out += "\r\n"
		}
	}
	if vias == 0 || vias > maxVias {
		return nil
	}
	return []byte(out + "Server: Parley\r\nContent-Length: 0\r\n\r\n")
}

// begins reports whether a request begins a call.
func begins(req *sip.Request) bool {
	_, in := req.To().Params.Get("tag")
	return req.Method == sip.INVITE && !in
}

// beginning is how many such requests are remembered. SPEC: PHN-004
func (a *agent) beginning() (n int) {
	for _, t := range a.answers {
		if begins(t.req) {
			n++
		}
	}
	return n
}

// refusal is what every request is judged by before anything is made of it.
//
// SPEC: PHN-013 PHN-019
func refusal(req *sip.Request) (code int, reason, extra string) {
	known := map[sip.RequestMethod]bool{"INVITE": true, "BYE": true, "CANCEL": true, "OPTIONS": true, "UPDATE": true}
	switch {
	case req.SipVersion != "SIP/2.0":
		return 505, "Version Not Supported", ""
	case req.Method == "INFO" || req.Method == "REFER" || req.Method == "NOTIFY" || req.Method == "SUBSCRIBE" || req.Method == "MESSAGE" || req.Method == "PRACK" || req.Method == "PUBLISH" || req.Method == "REGISTER":
		return 405, "Method Not Allowed", allow
	case !known[req.Method]:
		return 501, "Not Implemented", allow
	case req.CSeq().MethodName != req.Method:
		return 400, "Bad Request", ""
	case req.Recipient.Scheme != "sip" && req.Recipient.Scheme != "sips":
		return 416, "Unsupported URI Scheme", ""
	}
	for _, once := range []string{"Call-ID", "CSeq", "From", "To", "Max-Forwards"} {
		if len(req.GetHeaders(once)) > 1 {
			return 400, "Bad Request", ""
		}
	}
	if req.Method == "CANCEL" {
		return 0, "", ""
	}
	if accept := strings.ToLower(header(req, "Accept")); req.Method == "INVITE" && accept != "" && !strings.Contains(accept, "application/sdp") && !strings.Contains(accept, "*/*") && !strings.Contains(accept, "application/*") {
		return 406, "Not Acceptable", "Accept: application/sdp\r\n"
	}
	var strange []string
	for _, h := range req.GetHeaders("Require") {
		for tag := range strings.SplitSeq(h.Value(), ",") {
			if tag = strings.TrimSpace(tag); tag != "timer" && len(strange) < 8 {
				strange = append(strange, tag)
			}
		}
	}
	if len(strange) > 0 {
		return 420, "Bad Extension", "Unsupported: " + strings.Join(strange, ", ") + "\r\n"
	}
	if m := req.GetHeader("Max-Forwards"); m != nil && req.Method == "INVITE" {
		if n, err := strconv.Atoi(m.Value()); err != nil || n <= 0 {
			return 483, "Too Many Hops", ""
		}
	}
	if len(req.Body()) > 0 && (req.Method == "INVITE" || req.Method == "UPDATE") {
		if e := header(req, "Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
			return 415, "Unsupported Media Type", "Accept: application/sdp\r\n"
		}
		if c := req.ContentType(); c == nil || !strings.HasPrefix(strings.ToLower(c.Value()), "application/sdp") {
			return 415, "Unsupported Media Type", "Accept: application/sdp\r\n"
		}
	}
	return 0, "", ""
}

// serve answers a request that is as it should be.
func (a *agent) serve(t, invite *answer) {
	_, inDialog := t.req.To().Params.Get("tag")
	l := a.legOf(t.req.CallID(), t.req.To(), t.req.From())
	switch m := t.req.Method; {
	case m == sip.CANCEL && invite == nil:
		a.answer(t, 481, "Call/Transaction Does Not Exist", "", "")
	case m == sip.CANCEL:
		a.answer(t, 200, "OK", "", "")
		if !invite.final {
			a.answer(invite, 487, "Request Terminated", "", "")
			if invite.leg != nil && invite.leg.state != up {
				invite.leg.end("cancelled", 487)
			}
		}
	case m == sip.OPTIONS && !inDialog:
		a.answer(t, 200, "OK", allow+"Accept: application/sdp\r\n", "")
	case inDialog && l == nil:
		a.answer(t, 481, "Call/Transaction Does Not Exist", "", "")
	case inDialog:
		l.inDialog(t)
	case m == sip.INVITE:
		a.invited(t)
	default:
		a.answer(t, 481, "Call/Transaction Does Not Exist", "", "")
	}
}

// answer answers a request; a final answer to INVITE is repeated until it is acknowledged.
func (a *agent) answer(t *answer, code int, reason, extra, body string) {
	if t.final {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", code, reason)
	for _, h := range t.req.GetHeaders("Via") {
		b.WriteString("Via: " + h.Value() + "\r\n")
	}
	if code > 100 && code < 300 {
		for _, h := range t.req.GetHeaders("Record-Route") {
			b.WriteString("Record-Route: " + h.Value() + "\r\n")
		}
	}
	to := t.req.To().Value()
	if _, tagged := t.req.To().Params.Get("tag"); !tagged && code > 100 {
		to += ";tag=" + t.tag
	}
	if code < 300 && code > 100 && (t.req.Method == sip.INVITE || t.req.Method == "UPDATE") {
		extra += "Contact: <" + a.contact() + ">\r\n"
	}
	if body != "" {
		extra += "Content-Type: application/sdp\r\n"
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n%sServer: Parley\r\nContent-Length: %d\r\n\r\n%s", t.req.From().Value(), to, t.req.CallID().Value(), t.req.CSeq().Value(), extra, len(body), body)
	t.data, t.code, t.final = []byte(b.String()), code, code >= 200
	if t.final {
		if t.until = a.now.Add(timeout); t.req.Method == sip.INVITE && (!a.cfg.TCP || code < 300) {
			t.every, t.next = t1, a.now.Add(t1)
		}
	}
	a.emit(parcel{data: t.data, over: t.from.over, peer: t.from.peer})
}

// tick runs the clocks of transactions, legs and the registration.
func (a *agent) tick(now time.Time) {
	a.now = now
	for branch, q := range a.asks {
		switch {
		case !now.Before(q.until):
			if delete(a.asks, branch); q.ack == nil {
				q.on(nil)
			}
		case q.ack == nil && !a.cfg.TCP && !now.Before(q.next) && !(q.heard && q.method == "INVITE"):
			if q.every *= 2; q.method != "INVITE" {
				q.every = min(q.every, t2)
			}
			q.next = now.Add(q.every)
			a.emit(parcel{data: q.data})
		}
	}
	for key, t := range a.answers {
		switch {
		case t.final && !now.Before(t.until):
			if delete(a.answers, key); t.every > 0 && t.leg != nil {
				t.leg.unacked()
			}
		case t.every > 0 && !now.Before(t.next):
			t.every = min(2*t.every, t2)
			t.next = now.Add(t.every)
			a.emit(parcel{data: t.data, over: t.from.over, peer: t.from.peer})
		case !t.final && now.After(t.until.Add(maxRinging)):
			delete(a.answers, key)
		}
	}
	for _, l := range a.legs {
		l.tick()
	}
	a.tickTrunk()
}
