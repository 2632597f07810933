// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"crypto/rand"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

const (
	maxRinging   = 3 * time.Minute
	sessionTime  = 1800 // seconds after which a session is refreshed or over
	shortestTime = 90
)

// How a leg stands.
const (
	calling = "calling" // we ring it
	early   = "early"   // an early dialog: it rings, or their exchange speaks
	asked   = "asked"   // it rings us
	up      = "up"
	over    = "over"
)

// leg is one telephone's call with us: a dialog and its sound. Owned by the loop, but for its media.
type leg struct {
	a                     *agent
	number                string // of the extension
	out                   bool   // we rang
	state, was            string // was: before it was over
	code                  int    // of the end: what the trunk answered; 0: no answer, or none needed
	why                   string
	cause                 int       // of the network (Q.850), where the trunk gave it with its refusal
	rang                  time.Time // when it first rang there; zero: it has not
	lost                  bool      // called off before its end came
	elsewhere             string    // what its CANCEL says where another has the call
	callID, tag, theirTag string
	local, remote         string // From and To of our requests, without tags
	target, routes        string
	seq, theirSeq         uint32
	invite                *ask
	request               *answer // theirs that began it
	ack                   []byte
	late                  bool // their description comes with their ACK
	at                    netip.AddrPort
	id                    int64
	version               int
	theirs                session
	key                   []byte // of our sound, where it is sealed
	expires               int    // seconds; 0: none
	ours                  bool   // it is we who refresh
	refreshed             time.Time
	again                 *ask // a re-INVITE of ours under way
	retry                 time.Time
	wide                  bool // its sound is G.722, or is offered as that
	narrows               bool // it is to be asked for G.711
}

func (a *agent) newLeg(number string, at netip.AddrPort) *leg {
	return &leg{a: a, number: number, callID: random(12) + "@" + a.cfg.Bind.Addr().String(), tag: a.id + random(4), at: at, id: a.now.Unix()}
}

func (l *leg) name() string { return l.callID + " " + l.tag }

// describe writes our description of the leg.
func (l *leg) describe(theirs *session) string {
	return describe(l.at, l.id, l.version, theirs, l.key, l.wide)
}

// parse reads theirs: what was sealed, or was not, stays so, and what is not G.722 is G.711.
func (l *leg) parse(b []byte) (s session, err error) {
	sealed := inClear
	if l.key != nil {
		sealed = isSealed
	}
	if s, err = parseSDP(b, sealed); err != nil {
		return s, err
	}
	if l.wide = l.wide && s.law == wideType; !l.wide {
		s.law, l.narrows = s.spare, false
	}
	if s.law == noLaw {
		err = errSDP
	}
	return s, err
}

// newKey is a key of ours.
func newKey() []byte {
	b := make([]byte, keyLen)
	_, _ = rand.Read(b) // never fails
	return b
}

// legOf finds the leg of a message by its Call-ID and both tags.
//
// SPEC: PHN-014
func (a *agent) legOf(id *sip.CallIDHeader, ours *sip.ToHeader, theirs *sip.FromHeader) *leg {
	mine, _ := ours.Params.Get("tag")
	other, _ := theirs.Params.Get("tag")
	l := a.legs[id.Value()+" "+mine]
	if l == nil || l.theirTag != other {
		return nil
	}
	return l
}

// call rings an extension; its sound is taken at an address of ours. Wide: G.722 is offered.
func (a *agent) call(number string, at netip.AddrPort, wide bool) *leg {
	l := a.newLeg(number, at)
	l.wide = wide
	l.out, l.state, l.expires = true, calling, sessionTime
	if a.cfg.sealed() != inClear {
		l.key = newKey()
	}
	l.local, l.remote = fmt.Sprintf("%q <%s>", a.cfg.Name, a.aor(a.cfg.user())), "<"+a.aor(number)+">"
	a.legs[l.name()] = l
	l.invites()
	return l
}

// invites sends the INVITE that begins the leg.
func (l *leg) invites() {
	l.invite = &ask{method: "INVITE", leg: l, uri: l.a.aor(l.number), seq: &l.seq, on: l.invited, body: l.describe(nil),
		head: l.head("") + "Contact: <" + l.a.contact() + ">\r\n" + allow + fmt.Sprintf("Session-Expires: %d\r\nMin-SE: %d\r\n", l.expires, shortestTime)}
	l.a.send(l.invite)
}

// head is what all our requests of a leg carry.
func (l *leg) head(theirTag string) string {
	to := l.remote
	if theirTag != "" {
		to += ";tag=" + theirTag
	}
	return l.routes + "From: " + l.local + ";tag=" + l.tag + "\r\nTo: " + to + "\r\nCall-ID: " + l.callID + "\r\n"
}

// invited takes an answer to the INVITE: nil is none in time.
func (l *leg) invited(res *sip.Response) {
	switch {
	case res == nil:
		l.end("no reply", 408)
	case res.IsSuccess() && l.state == over:
		l.a.stray(res)
	case res.IsSuccess():
		l.answered(res)
	case res.StatusCode >= 300:
		if n, ok := seconds(res, "Min-SE"); res.StatusCode == 422 && ok && n > l.expires && l.state != over {
			l.expires = n
			l.invites()
			return
		}
		if res.StatusCode == 488 && l.key != nil && l.a.cfg.sealed() == mayBeSealed && l.state != over { // it takes no sealed sound
			l.key = nil
			l.invites()
			return
		}
		l.cause = causeOf(res)
		l.end("refused", res.StatusCode)
	case l.lost:
		l.cancels()
	case l.state == calling && res.StatusCode == 183: // sound of the network: their exchange may speak, and nothing rings
		l.state = early
	case l.state != up && l.state != over && res.StatusCode == 180 && l.rang.IsZero():
		l.state, l.rang = early, l.a.now
	}
}

// causeOf reads the network's cause of a refusal: Reason: Q.850;cause=1.
func causeOf(res *sip.Response) (n int) {
	_, cause, ok := strings.Cut(strings.ToLower(strings.ReplaceAll(header(res, "Reason"), " ", "")), "q.850;cause=")
	if !ok {
		return 0
	}
	cause, _, _ = strings.Cut(cause, ";")
	n, _ = strconv.Atoi(cause)
	return n
}

// cancels sends the CANCEL of an INVITE of which the trunk has been heard.
func (l *leg) cancels() {
	q := l.invite
	l.lost = false
	q.until = l.a.now.Add(timeout)
	l.a.launch("CANCEL "+q.branch, &ask{method: "CANCEL", uri: q.uri, number: q.number, branch: q.branch, head: l.head("") + l.elsewhere, on: func(*sip.Response) {}})
}

// answered takes a 200 to the INVITE.
func (l *leg) answered(res *sip.Response) {
	l.theirTag, _ = res.To().Params.Get("tag")
	l.target, l.routes = targetOf(res, l.invite.uri), routesOf(res, true)
	l.ack = l.a.acknowledges(l, res)
	l.state, l.refreshed = up, l.a.now
	l.timer(res, true)
	s, err := l.parse(res.Body())
	if err != nil {
		l.hangUp()
		l.end("no sound", 488)
		return
	}
	l.theirs = s
	l.a.happened(l, "answered")
}

// acknowledges sends the ACK of a 200.
func (a *agent) acknowledges(l *leg, res *sip.Response) []byte {
	b := a.request("ACK", l.target, "z9hG4bK"+random(10), res.CSeq().SeqNo, l.head(l.theirTag), "", "")
	a.emit(parcel{data: b})
	return b
}

// stray takes a 200 to an INVITE that is over, or that this life of the node does not know: it is acknowledged and ended, so
// that no telephone stays in a call with nobody.
//
// SPEC: PHN-011
func (a *agent) stray(res *sip.Response) {
	tag, _ := res.From().Params.Get("tag")
	if l := a.legs[res.CallID().Value()+" "+tag]; l != nil && l.ack != nil {
		if their, _ := res.To().Params.Get("tag"); their == l.theirTag {
			a.emit(parcel{data: l.ack})
			return
		}
	}
	if len(a.asks) >= maxAsks {
		a.dropped++
		return
	}
	l := &leg{a: a, state: over, callID: res.CallID().Value(), tag: tag, seq: res.CSeq().SeqNo, routes: routesOf(res, true)}
	l.theirTag, _ = res.To().Params.Get("tag")
	from, to := res.From().Address, res.To().Address
	l.local, l.remote, l.target = "<"+from.String()+">", "<"+to.String()+">", targetOf(res, to.String())
	a.acknowledges(l, res)
	for _, q := range a.asks { // it came again: its end is under way
		if q.method == "BYE" && q.head == l.head(l.theirTag) {
			return
		}
	}
	l.hangUp()
}

// targetOf is where the requests of a dialog are addressed; they are sent to the trunk all the same.
func targetOf(m sip.Message, otherwise string) string {
	for _, h := range m.GetHeaders("Contact") {
		if c, ok := h.(*sip.ContactHeader); ok && !c.Address.Wildcard {
			return c.Address.String()
		}
	}
	return otherwise
}

// routesOf gives the Route headers of a dialog: the recorded ones, from the end where we began it.
func routesOf(m sip.Message, reverse bool) (routes string) {
	for _, h := range m.GetHeaders("Record-Route") {
		if reverse {
			routes = "Route: " + h.Value() + "\r\n" + routes
		} else {
			routes += "Route: " + h.Value() + "\r\n"
		}
	}
	return routes
}

func (l *leg) hangUp() {
	l.a.send(&ask{method: "BYE", uri: l.target, seq: &l.seq, head: l.head(l.theirTag), on: func(*sip.Response) {}})
}

// off ends the leg from our side, however it stands. A telephone whose ring another has answered (200) shows no missed call.
//
// SPEC: PHN-051
func (l *leg) off(code int, reason string) {
	if code == 200 {
		l.elsewhere = "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n" // RFC 3326
	}
	switch {
	case l.state == up:
		l.hangUp()
	case l.state == asked:
		l.a.answer(l.request, code, reason, "", "")
	case l.state == over:
		return
	case l.invite.heard:
		l.cancels()
	default: // a CANCEL may follow an answer only: it does, and until then nothing is repeated
		l.lost, l.invite.next = true, l.invite.until
	}
	l.end("by us", 0)
}

// end forgets a leg; what comes of it later is a stray.
func (l *leg) end(why string, code int) {
	if l.state == over {
		return
	}
	l.was, l.state, l.why, l.code = l.state, over, why, code
	delete(l.a.legs, l.name())
	l.a.happened(l, "over")
}

// invited takes a call of the trunk's.
func (a *agent) invited(t *answer) {
	from, _ := t.req.From().Params.Get("tag")
	for _, other := range a.answers { // the same request by another way
		if tag, _ := other.req.From().Params.Get("tag"); other != t && other.req.Method == sip.INVITE && tag == from && other.req.CallID().Value() == t.req.CallID().Value() && other.req.CSeq().SeqNo == t.req.CSeq().SeqNo {
			a.answer(t, 482, "Loop Detected", "", "")
			return
		}
	}
	number := t.req.From().Address.User
	if !a.cfg.listed(number) {
		a.answer(t, 403, "Forbidden", "", "")
		return
	}
	theirs, err := parseSDP(t.req.Body(), a.cfg.sealed())
	if len(t.req.Body()) > 0 && (err != nil || theirs.spare == noLaw) { // which codec is known once the other party has answered
		a.answer(t, 488, "Not Acceptable Here", "", "")
		return
	}
	if n, ok := seconds(t.req, "Session-Expires"); ok && n < shortestTime {
		a.answer(t, 422, "Session Interval Too Small", fmt.Sprintf("Min-SE: %d\r\n", shortestTime), "")
		return
	}
	if len(a.legs) >= maxLegs {
		a.answer(t, 486, "Busy Here", "", "")
		return
	}
	at, err := a.open()
	if err != nil {
		a.answer(t, 503, "Service Unavailable", "", "")
		return
	}
	l := a.newLeg(number, at)
	l.callID, l.tag, l.theirTag, l.theirs = t.req.CallID().Value(), t.tag, from, theirs
	l.state, l.request, l.late, t.leg = asked, t, len(t.req.Body()) == 0, l
	if theirs.key != nil || l.late && a.cfg.sealed() != inClear {
		l.key = newKey()
	}
	l.theirSeq, l.target, l.routes = t.req.CSeq().SeqNo, targetOf(t.req, t.req.From().Address.String()), routesOf(t.req, false)
	mine, their := t.req.To().Address, t.req.From().Address
	l.local, l.remote = "<"+mine.String()+">", "<"+their.String()+">"
	a.legs[l.name()] = l
	a.answer(t, 100, "Trying", "", "")
	a.happened(l, "asked")
}

// rings says to who called us that it rings there.
func (l *leg) rings() {
	if l.state == asked {
		l.a.answer(l.request, 180, "Ringing", "", "")
	}
}

// narrow asks a telephone that speaks G.722 for G.711, by a re-INVITE.
//
// SPEC: PHN-024
func (l *leg) narrow() {
	l.wide, l.narrows = false, true
	l.version++
}

// accept answers a call of the trunk's.
func (l *leg) accept() {
	if l.state != asked {
		return
	}
	l.state, l.refreshed = up, l.a.now
	if !l.wide {
		l.theirs.law = l.theirs.spare
	}
	offer := &l.theirs
	if l.late {
		offer = nil
	}
	l.a.answer(l.request, 200, "OK", l.timer(l.request.req, false)+allow, l.describe(offer))
}

// acked takes the ACK of a 200 of ours: of the one whose number it has.
//
// SPEC: PHN-010
func (l *leg) acked(req *sip.Request) {
	late := false
	for _, t := range l.a.answers {
		if t.leg == l && t.req.Method == sip.INVITE && t.req.CSeq().SeqNo == req.CSeq().SeqNo {
			t.every = 0
			late = l.late && t == l.request
		}
	}
	if !late {
		return
	}
	l.late = false
	s, err := l.parse(req.Body())
	if err != nil {
		l.hangUp()
		l.end("no sound", 488)
		return
	}
	l.theirs = s
	l.a.happened(l, "media")
}

// unacked: our 200 was never acknowledged.
func (l *leg) unacked() {
	if l.state == up {
		l.hangUp()
		l.end("not acknowledged", 408)
	}
}

// inDialog takes a request of a leg that is there.
//
// SPEC: PHN-015 PHN-016
func (l *leg) inDialog(t *answer) {
	if n := t.req.CSeq().SeqNo; n <= l.theirSeq && l.theirSeq != 0 {
		l.a.answer(t, 500, "Server Internal Error", "", "")
		return
	} else {
		l.theirSeq = n
	}
	switch t.req.Method {
	case sip.BYE:
		l.a.answer(t, 200, "OK", "", "")
		if l.state == asked {
			l.a.answer(l.request, 487, "Request Terminated", "", "")
		}
		l.end("hung up", 0)
	case sip.OPTIONS:
		l.a.answer(t, 200, "OK", allow, "")
	default: // INVITE, UPDATE
		l.modify(t)
	}
}

// modify takes a re-INVITE or an UPDATE: hold, another address, a refresh.
func (l *leg) modify(t *answer) {
	n, timed := seconds(t.req, "Session-Expires")
	s, err := l.parse(t.req.Body())
	switch with := len(t.req.Body()) > 0; {
	case l.again != nil:
		l.a.answer(t, 491, "Request Pending", "", "")
	case l.state != up || l.late:
		l.a.answer(t, 500, "Server Internal Error", "Retry-After: 1\r\n", "")
	case timed && n < shortestTime:
		l.a.answer(t, 422, "Session Interval Too Small", fmt.Sprintf("Min-SE: %d\r\n", shortestTime), "")
	case with && err != nil:
		l.a.answer(t, 488, "Not Acceptable Here", "", "")
	case with:
		l.theirs, l.refreshed = s, l.a.now
		l.version++
		t.leg, l.request = l, t
		l.a.answer(t, 200, "OK", l.timer(t.req, false)+allow, l.describe(&l.theirs))
		l.a.happened(l, "media")
	case t.req.Method == sip.INVITE:
		l.refreshed, l.late = l.a.now, true
		t.leg, l.request = l, t
		l.a.answer(t, 200, "OK", l.timer(t.req, false)+allow, l.describe(nil))
	default:
		l.refreshed = l.a.now
		l.a.answer(t, 200, "OK", l.timer(t.req, false)+allow, "")
	}
}

// timer reads who refreshes a session and how often; of a request it gives what our answer says of it.
//
// SPEC: PHN-017
func (l *leg) timer(m sip.Message, answer bool) string {
	n, ok := seconds(m, "Session-Expires")
	if !ok {
		l.expires = 0
		return ""
	}
	v := strings.ToLower(header(m, "Session-Expires"))
	l.expires = min(n, 24*3600)
	switch {
	case answer:
		l.ours = !strings.Contains(v, "refresher=uas")
		return ""
	case strings.Contains(v, "refresher=uas"):
		l.ours = true
	case strings.Contains(v, "refresher=uac"):
		l.ours = false
	default:
		l.ours = !strings.Contains(header(m, "Supported"), "timer")
	}
	if l.ours {
		return fmt.Sprintf("Session-Expires: %d;refresher=uas\r\n", l.expires)
	}
	return fmt.Sprintf("Require: timer\r\nSession-Expires: %d;refresher=uac\r\n", l.expires)
}

// short are the other spellings of headers that the parser keeps as they came.
var short = map[string]string{"Session-Expires": "x", "Supported": "k", "Content-Encoding": "e"}

// header gives the first header of a name, "" where there is none.
func header(m sip.Message, name string) string {
	for _, h := range m.GetHeaders(name) {
		return h.Value()
	}
	if s := short[name]; s != "" {
		return header(m, s)
	}
	return ""
}

// seconds reads the number that a header begins with.
func seconds(m sip.Message, name string) (int, bool) {
	s, _, _ := strings.Cut(header(m, name), ";")
	n, err := strconv.Atoi(strings.TrimSpace(s))
	return n, err == nil && n >= 0
}

// tick refreshes a session in time, or ends one that was not.
func (l *leg) tick() {
	now, after := l.a.now, time.Duration(l.expires)*time.Second
	switch {
	case l.state != up || l.again != nil:
	case (l.narrows || l.expires > 0 && l.ours && now.Sub(l.refreshed) >= after/2) && !now.Before(l.retry):
		timer := ""
		if l.expires > 0 {
			timer = fmt.Sprintf("Session-Expires: %d;refresher=%s\r\n", l.expires, map[bool]string{true: "uac", false: "uas"}[l.ours])
		}
		l.again = &ask{method: "INVITE", leg: l, uri: l.target, seq: &l.seq, body: l.describe(nil), on: l.refreshes,
			head: l.head(l.theirTag) + "Contact: <" + l.a.contact() + ">\r\n" + allow + timer}
		l.a.send(l.again)
	case l.expires > 0 && !l.ours && now.Sub(l.refreshed) >= after-min(32*time.Second, after/3):
		l.hangUp()
		l.end("not refreshed", 408)
	}
}

// refreshes takes the answer to a re-INVITE of ours.
func (l *leg) refreshes(res *sip.Response) {
	if res != nil && res.IsProvisional() {
		return
	}
	l.again = nil
	switch {
	case l.state == over && res != nil && res.IsSuccess():
		l.a.stray(res)
	case l.state == over:
	case res == nil || res.StatusCode == 408 || res.StatusCode == 481:
		l.hangUp()
		l.end("not refreshed", 408)
	case res.StatusCode == 491: // they ask at the same time: who owns the Call-ID waits longer
		l.retry = l.a.now.Add(time.Second)
		if l.out {
			l.retry = l.a.now.Add(3 * time.Second)
		}
	case !res.IsSuccess():
		l.retry = l.a.now.Add(t2)
	default:
		l.ack, l.refreshed = l.a.acknowledges(l, res), l.a.now
		l.timer(res, true)
		if s, err := l.parse(res.Body()); err == nil {
			l.theirs = s
			l.a.happened(l, "media")
		}
	}
}
