// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"fmt"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

const (
	registerFor = 300 // seconds
	lookEvery   = 20 * time.Second
	lookWithin  = 5 * time.Second
	lookAgain   = 5 * time.Second
)

// registration is how the trunk stands: an account that is registered there, or a peer that answers OPTIONS.
type registration struct {
	up      bool
	why     string // "" while it is up
	id, tag string
	seq     uint32
	expires int
	pending bool
	failed  int // times running
	next    time.Time
	look    time.Time // whether it still answers
}

const unanswered = "it has not answered yet"

// unknown reports whether the trunk was not asked yet, or has neither answered nor let its time pass.
func (r *registration) unknown() bool { return !r.up && (r.why == "" || r.why == unanswered) }

// tickTrunk registers in time, or looks whether a fixed peer answers.
//
// SPEC: PHN-018
func (a *agent) tickTrunk() {
	r := &a.trunk
	look := a.cfg.Account != "" && r.up && !a.now.Before(r.look)
	if r.pending || a.now.Before(r.next) && !look {
		return
	}
	if r.id == "" {
		r.id, r.tag, r.expires, r.why = random(12), random(8), registerFor, unanswered
	}
	r.pending = true
	q := &ask{method: "OPTIONS", seq: &r.seq, uri: "sip:" + a.cfg.Trunk.String(), on: a.looked,
		head: fmt.Sprintf("From: <%s>;tag=%s\r\nTo: <%s>\r\nCall-ID: %s\r\nAccept: application/sdp\r\n", a.aor(a.cfg.user()), r.tag, "sip:"+a.cfg.Trunk.String(), r.id)}
	if a.cfg.Account != "" && !look {
		q = a.registers(r.expires)
	}
	a.send(q)
	q.until = a.now.Add(lookWithin)
}

func (a *agent) registers(expires int) *ask {
	r := &a.trunk
	return &ask{method: "REGISTER", seq: &r.seq, uri: strings.Replace(a.aor(""), "@", "", 1), on: a.registered,
		head: fmt.Sprintf("From: <%s>;tag=%s\r\nTo: <%[1]s>\r\nCall-ID: %[3]s\r\nContact: <%[4]s>\r\nExpires: %[5]d\r\n", a.aor(a.cfg.Account), r.tag, r.id, a.contact(), expires)}
}

// looked takes the answer to OPTIONS: any answer is one. Where we have an account and there is none, we register anew at once.
func (a *agent) looked(res *sip.Response) {
	if res != nil && res.IsProvisional() {
		return
	}
	r := &a.trunk
	switch {
	case a.cfg.Account != "":
		r.pending, r.look = false, a.now.Add(lookEvery)
		if res == nil {
			r.next = a.now
		}
	case res == nil:
		a.stands(false, "it does not answer", lookAgain)
	default:
		a.stands(true, "", lookEvery)
	}
}

// soon looks at the trunk again soon: its connection has ended.
func (r *registration) soon(now time.Time) {
	if soon := now.Add(lookAgain); r.up && r.next.After(soon) {
		r.next = soon
	}
}

// registered takes the answer to REGISTER.
func (a *agent) registered(res *sip.Response) {
	r := &a.trunk
	again := min(time.Minute, lookAgain<<min(r.failed, 4))
	switch {
	case res == nil:
		a.stands(false, "it does not answer", again)
	case res.IsProvisional():
	case res.StatusCode == 423:
		if n, ok := seconds(res, "Min-Expires"); ok && n > r.expires && n <= 24*3600 {
			r.expires, again = n, 0
		}
		a.stands(r.up, r.why, again)
	case res.StatusCode == 401 || res.StatusCode == 407:
		a.stands(false, fmt.Sprintf("it does not take our password, or asks by another way than %s", a.cfg.Digest), again)
	case !res.IsSuccess():
		a.stands(false, fmt.Sprintf("it refuses to register us: %d", res.StatusCode), again)
	default:
		n := r.expires
		if m, ok := seconds(res, "Expires"); ok {
			n = m
		}
		for _, h := range res.GetHeaders("Contact") {
			c, ok := h.(*sip.ContactHeader)
			if !ok || strings.Trim(c.Address.Host, "[]") != a.cfg.Bind.Addr().String() {
				continue
			}
			if v, ok := c.Params.Get("expires"); ok {
				_, _ = fmt.Sscan(v, &n)
			}
		}
		a.stands(true, "", max(5*time.Second, time.Duration(n)*time.Second/2))
	}
}

// stands keeps how the trunk stands and when it is looked at again.
func (a *agent) stands(up bool, why string, next time.Duration) {
	r := &a.trunk
	r.pending, r.next, r.look, r.failed = false, a.now.Add(next), a.now.Add(lookEvery), r.failed+1
	if up {
		r.failed = 0
	}
	if r.up != up || r.why != why {
		r.up, r.why = up, why
		a.happened(nil, "trunk")
	}
}
