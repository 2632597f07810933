// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"example.org/parley/check"
	"example.org/parley/claim"
	"example.org/parley/contact"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/service"
	"example.org/parley/statement"
)

// unbound opens a run of a party whose program judges nothing.
func (h *lived) unbound(us string) func(record.Draft) *record.Entry {
	h.t.Helper()
	r, _ := h.side(us)
	o := h.o
	o.Kinds = map[string]record.Kind{}
	for name, k := range h.o.Kinds {
		o.Kinds[name] = record.Kind{Name: name, Begins: k.Begins}
	}
	copied := record.New(o)
	for _, l := range r.Logs() {
		for _, e := range r.Entries(l.Name.LogID, 0) {
			_, err := copied.Add(e.Pieces())
			h.must(err)
		}
	}
	run := h.run(copied, us, "restart")
	return func(d record.Draft) *record.Entry {
		h.t.Helper()
		e, err := run.Append(d, h.tick(), record.PeerClock{}, h.rand)
		h.must(err)
		a, err := r.Add(e.Pieces())
		h.must(err)
		return a.Entry
	}
}

// before is the member of a statement that was stated before the line, under one of some leaves.
func before(party string, leaf int) obj {
	b := record.Ref{Leaf: [32]byte{byte(leaf)}}
	return obj{"place": party + "/1.abc123 " + fmt.Sprint(leaf), "leaf": b.Leaf.String(), "time": "2026-02-01T09:00:00Z"}
}

// doubled is a line on which aurelia states posts twice, and under one leaf two requests, and two outcomes, that are not one; give
// tells of each whether it is to count.
func doubled(t testing.TB) (h *lived, counts map[*record.Entry]bool, all []*record.Entry) {
	h = newHistory(t, 300, 0)
	says := h.unbound("aurelia")
	counts = map[*record.Entry]bool{}
	add := func(count bool, kind string, leaf int, facts obj, re ...*record.Entry) *record.Entry {
		f := obj{"by": obj{"officer": "aurelia/1.k7qx3m 1", "known": "account"}, "before": before("aurelia", leaf)}
		for k, v := range facts {
			f[k] = v
		}
		d := record.Draft{Kind: kind, Class: "service", Mark: "actual", Facts: f}
		for _, e := range re {
			d.Re = append(d.Re, e.Ref())
		}
		e := says(d)
		counts[e], all = count, append(all, e)
		return e
	}
	post := func(leaf int, name string) *record.Entry {
		return add(true, "post.added", leaf, obj{"org": "ministry", "name": name, "level": 1})
	}
	request := func(count bool, leaf int, from, with *record.Entry, more obj) *record.Entry {
		f := obj{"for": "call", "from": from.Place().String(), "with": with.Place().String(), "when": "2026-02-25", "basis": "own"}
		for k, v := range more {
			f[k] = v
		}
		return add(count, "request.placed", leaf, f)
	}
	p, q, s := post(1, "Minister"), post(2, "Marshal"), post(3, "Secretary")
	p2, q2 := post(1, "Minister"), post(2, "Marshal") // a copy of the node states them again
	r := request(true, 4, p, q, nil)
	request(true, 4, p2, q2, nil)                      // the same, by the other places of its posts
	request(false, 4, p, s, nil)                       // another, with another post
	request(false, 4, p, q, obj{"when": "2026-02-26"}) // of another day
	request(false, 4, p, q, obj{"standing": true})     // of another sort
	request(true, 5, p, s, nil)                        // under a leaf of its own
	add(true, "request.outcome", 6, obj{"outcome": "deferred"}, r)
	add(false, "request.outcome", 6, obj{"outcome": "declined"}, r)
	return h, counts, all
}

// TestALeafIsOneStatement: what is stated anew under a leaf that stands for another statement is not valid, so that no leaf hides a
// request; whichever way the statements come.
//
// SPEC: ALN-029
func TestALeafIsOneStatement(t *testing.T) {
	h, counts, _ := doubled(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	var es []*record.Entry
	for _, l := range h.a.Logs() {
		es = append(es, h.a.Entries(l.Name.LogID, 0)...)
	}
	want := map[string]string{}
	for e, count := range counts {
		want[e.Place().String()] = ""
		if !count {
			want[e.Place().String()] = "another statement was stated anew under this leaf"
		}
	}
	for round := range 60 {
		r := record.New(h.o)
		for _, e := range es {
			note, facts, text := e.Pieces()
			if late := rnd.IntN(3) == 0; late { // its bodies come later
				_, err := r.Add(note, nil, nil)
				h.must(err)
			}
			_, err := r.Add(note, facts, text)
			h.must(err)
		}
		for at, why := range want {
			p, _ := record.ParsePlace(at)
			if e := r.At(p); e.Inert != why {
				t.Fatalf("round %d: %s %s: %q, not %q", round, at, e.Kind, e.Inert, why)
			}
		}
		requests := 0
		for _, key := range r.Items() {
			if contact.Fold(r.Item(key), r).Request != nil {
				requests++
			}
		}
		if requests != 2 {
			t.Fatalf("round %d: %d requests", round, requests)
		}
		rnd.Shuffle(len(es), func(i, j int) { es[i], es[j] = es[j], es[i] })
	}
}

// TestClaimOfALineAloneIsOfItsTelephone: what is tested on a line alone is the ordinary telephone, on the schedule of its terms.
//
// SPEC: CLM-013 CLM-031 CLM-032 CHK-030
func TestClaimOfALineAloneIsOfItsTelephone(t *testing.T) {
	h := aloneFor(t, 10)
	rep := judged(h.claimed("aurelia"), Expected{})
	if rep.Verdict != Holds || rep.Claim == nil {
		t.Fatalf("%s", rep)
	}
	tested, phone := rep.Claim.Facts.Tested, rep.Claim.Facts.Phone
	if tested.Days != 10 || tested.Tested != 6 || tested.Streak != 3 || phone.Ours["answered"] != 6 || phone.Ours["busy"] != 3 || len(phone.Theirs) != 0 || !phone.Last.Equal(tested.Last) {
		t.Errorf("%+v %+v", tested, phone)
	}
}

// aloneFor is a line alone on which the ordinary telephone was tested for some days, at nine o'clock: not on the fourth, and busy on
// the fifth to the seventh.
func aloneFor(t testing.TB, days int, at ...func(h *lived, day int)) *lived {
	w, _ := alone(t)
	terms := w.terms
	h := &lived{world: w, rnd: rand.New(rand.NewPCG(1, 1)), posts: map[string]*record.Entry{}}
	h.terms, h.since = terms, h.now.Truncate(24*time.Hour)
	says := h.saysAlone("aurelia")
	none := new(register.Register)
	a := says(none.PostDraft("aurelia", register.Post{Org: "ministry", Name: "Minister", Level: 1}, "", nil))
	b := says(none.PostDraft("aurelia", register.Post{Org: "their ministry", Name: "Their minister", Level: 1, Whose: "borealia", Pair: a.Place().String()}, "", nil))
	says(contact.MadeDraft("aurelia", contact.Contact{Kind: contact.Call, Channel: contact.ByTelephone, When: statement.Day(h.now.AddDate(0, 0, -4)), Basis: contact.Own, By: watch,
		Participants: []contact.Participant{{Post: a.Place().String()}, {Post: b.Place().String()}}}, "actual", nil, nil))
	for day := range days {
		h.now = h.since.AddDate(0, 0, day+1).Add(9*time.Hour + time.Minute)
		for _, f := range at {
			f(h, day)
		}
		if day == 3 {
			continue
		}
		outcome := "answered"
		if day > 3 && day < 7 {
			outcome = "busy"
		}
		says(check.NoteDraft("aurelia", "actual", check.NotedFacts{Outcome: outcome, At: h.now, By: watch}))
	}
	h.now = h.now.Add(2 * time.Hour)
	return h
}

// away is out of service: suspended on a day without a test, longer than on one of those that nobody answered, and under maintenance
// until it is resumed.
func away(h *lived, day int) {
	says, until := h.saysAlone("aurelia"), func(n time.Duration) time.Time { return h.now.Add(n * time.Hour).Truncate(time.Second) }
	state := func(kind string, of *record.Entry, s service.Stated) *record.Entry {
		s.By = watch
		return says(service.Draft("aurelia", kind, of, s, nil, "", h.now))
	}
	switch now := h.now; day {
	case 2:
		state("line.suspended", nil, service.Stated{Until: until(49)})
	case 5:
		h.now = now.Add(-time.Hour)
		state("line.maintenance", nil, service.Stated{Until: until(40)})
		h.now = now
	case 7:
		s := state("line.left", nil, service.Stated{})
		h.now = now.Add(time.Hour)
		state("line.resumed", s, service.Stated{})
		h.now = h.now.Add(time.Minute)
	}
}

// TestClaimOfALineAloneThatIsOutOfService: a day on which the line alone was out of service is no day without a test.
//
// SPEC: CLM-032 CLM-019
func TestClaimOfALineAloneThatIsOutOfService(t *testing.T) {
	rep := judged(aloneFor(t, 10, away).claimed("aurelia"), Expected{})
	if rep.Verdict != Holds || rep.Claim == nil {
		t.Fatalf("%s", rep)
	}
	if f := rep.Claim.Facts.Tested; f.Suspended != 2 || f.Maintenance != 2 || f.Tested != 6 {
		t.Errorf("%+v", f)
	}
}

// TestClaimCountsTheOrdinaryTelephone: on a line of two it is a figure of its own, of each side by its own word, and no day of the
// line's checks.
//
// SPEC: CLM-031 CHK-034
func TestClaimCountsTheOrdinaryTelephone(t *testing.T) {
	h := noted(t)
	for _, us := range []string{"aurelia", "borealia"} {
		rep := judged(h.claimed(us), Expected{})
		if rep.Verdict != Holds {
			t.Fatalf("%s", rep)
		}
		sides := map[string]map[string]int{us: rep.Claim.Facts.Phone.Ours, other(us): rep.Claim.Facts.Phone.Theirs}
		if a, b := sides["aurelia"], sides["borealia"]; a["answered"] != 2 || a["dead"] != 1 || b["declined"] != 1 || b["no-tone"] != 1 || len(a)+len(b) != 4 {
			t.Errorf("%+v", rep.Claim.Facts.Phone)
		}
		bare, _ := claim.Work(newHistory(t, 500, 4).a, h.line(us), claim.Figures, h.since, rep.Claim.Facts.At, nil)
		if rep.Claim.Facts.Tested.Tested != bare.Tested.Tested {
			t.Errorf("a test of the telephone is a check: %+v, not %+v", rep.Claim.Facts.Tested, bare.Tested)
		}
		h.meet()
	}
}

// noted is a line of two on which both sides noted tests of the telephone.
func noted(t testing.TB) *lived {
	h := newHistory(t, 500, 4)
	for _, n := range [][2]string{{"aurelia", "answered"}, {"borealia", "declined"}, {"aurelia", "dead"}, {"borealia", "no-tone"}, {"aurelia", "answered"}} {
		h.now = h.now.Add(5 * time.Hour)
		h.says(n[0])(check.NoteDraft(n[0], "actual", check.NotedFacts{Outcome: n[1], At: h.now.Truncate(time.Second), By: watch}))
	}
	h.meet()
	return h
}

// joined is a line of two on which aurelia states twice what it stated alone; what is said of it later names the second.
func joined(t *testing.T) *lived {
	w, _ := alone(t)
	was := history(t, w)
	h := newHistory(t, 600, 3)
	h.since = h.since.AddDate(-1, 0, 0)
	var es [2]map[string]*record.Entry
	for i := range 2 {
		es[i] = map[string]*record.Entry{}
		for _, e := range anew(t, h.world, was) {
			es[i][e.Kind] = e
		}
		h.meet()
	}
	h.wa = h.run(h.a, "aurelia", "restart")
	c, r, o := es[1][contact.KindMade], es[1][contact.KindPlaced], es[1]["request.outcome"]
	h.says("borealia")(contact.VerdictDraft("borealia", c, c, true, contact.Verdict{By: watch}))
	h.says("borealia")(contact.VerdictDraft("borealia", r, o, false, contact.Verdict{By: watch}))
	f, _, err := statement.Read[contact.Contact](c)
	h.must(err)
	f.When, f.By = statement.Day(time.Date(2026, 2, 17, 0, 0, 0, 0, time.UTC)), watch
	d, err := contact.MadeDraft("aurelia", f, "actual", nil, nil) // a correction
	d.Re = []record.Ref{c.Ref()}
	h.says("aurelia")(d, err)
	h.meet()
	return h
}

// without is the file of a claim in which the newest log of aurelia that the other side speaks of has its first entries only.
func (h *lived) without(b []byte, keep int) []byte {
	h.t.Helper()
	pieces, err := Read(bytes.NewReader(b))
	h.must(err)
	var out bytes.Buffer
	h.must(writeAs(ClaimMagic, &out, func(yield func(Piece)) error {
		log, n := "", 0
		for _, p := range pieces {
			switch p.Kind {
			case "log":
				log, n = string(p.Bytes), 0
			case "entry":
				n++
			}
			if strings.HasPrefix(log, "aurelia/3.") && n > keep && p.Kind != "receipt" {
				continue
			}
			yield(p)
		}
		return nil
	}))
	return out.Bytes()
}
