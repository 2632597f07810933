// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/claim"
	"example.org/parley/contact"
	"example.org/parley/message"
	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/service"
	"example.org/parley/statement"
	"example.org/parley/stop"
	"example.org/parley/wire"
)

// lived is a line on which two parties have lived for some days.
type lived struct {
	*world
	rnd   *rand.Rand
	since time.Time
	posts map[string]*record.Entry
	full  []*record.Entry // what a copy of a node stated
}

func (h *lived) side(name string) (*record.Record, *record.Run) {
	if name == "aurelia" {
		return h.a, h.wa
	}
	return h.b, h.wb
}

// says states a draft, which the other holds and receipts.
func (h *lived) says(name string) func(record.Draft, error) *record.Entry {
	return func(d record.Draft, err error) *record.Entry {
		h.t.Helper()
		h.must(err)
		r, run := h.side(name)
		return h.state(r, run, d)
	}
}

// alone states a draft that the other does not have yet; meet gives it to him.
func (h *lived) saysAlone(name string) func(record.Draft, error) *record.Entry {
	return func(d record.Draft, err error) *record.Entry {
		h.t.Helper()
		h.must(err)
		_, run := h.side(name)
		e, err := run.Append(d, h.tick(), record.PeerClock{}, h.rand)
		h.must(err)
		return e
	}
}

func (h *lived) meet() {
	for _, to := range []string{"aurelia", "borealia"} {
		from, _ := h.side(other(to))
		r, run := h.side(to)
		for _, l := range from.Logs() {
			for _, e := range from.Entries(l.Name.LogID, 0) {
				if l.Name.Party == to || r.ByRef(e.Ref()) != nil {
					continue
				}
				a, err := r.Add(e.Pieces())
				h.must(err)
				rc, err := r.Receipt(a.Entry, to, run.Name(), 1, h.tick(), h.keys[to].Sign)
				h.must(err)
				r.ApplyReceipt(rc)
				h.receive(from, rc.Note())
			}
		}
	}
}

func other(name string) string {
	return map[string]string{"aurelia": "borealia", "borealia": "aurelia"}[name]
}

var watch = statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account"}

// pass states both ends of a slot; how is what A's officer did.
func (h *lived) pass(due time.Time, how string) {
	slot := check.Slot{By: h.g.Parties[0].Party, ID: due.Format("2006-01-02T15:04:05Z")}
	for i, name := range []string{"aurelia", "borealia"} {
		kind := []string{check.KindOpened, check.KindJoined}[i]
		h.says(name)(record.Draft{Kind: kind, Class: "test", Mark: "actual", Facts: check.OpenedFacts{Slot: slot, At: h.now.Truncate(time.Second), Question: "q" + name[:1]}}, nil)
	}
	for _, name := range []string{"aurelia", "borealia"} {
		f := check.ClosedFacts{Slot: slot, At: h.now.Truncate(time.Second), Outcome: check.Passed}
		for _, p := range []string{check.PartStation, check.PartPath, check.PartVoice, check.PartStop, check.PartRing} {
			f.Parts = append(f.Parts, check.Part{Name: p, Result: check.OK, By: &watch})
		}
		f.Parts = append(f.Parts, check.Part{Name: check.PartQuestion, Result: check.OK, ID: "q" + other(name)[:1], Answer: "a", Lang: "en"})
		if how != check.Passed && name == "aurelia" {
			switch f.Outcome = how; how {
			case check.Failed:
				f.Which, f.Parts[2].Result = []string{check.PartVoice}, check.Bad
			case check.Declined:
				f.Parts[4] = check.Part{Name: check.PartRing, Result: check.None, Why: check.Declined, By: &watch}
			case check.NoOperator:
				f.Parts[4].Result = check.None
			}
		}
		h.says(name)(record.Draft{Kind: check.KindClosed, Class: "test", Mark: "actual", Facts: f}, nil)
	}
}

// note states a call on the ordinary telephone; the other party may say of what class it was.
func (h *lived) note(name, class, theirs string) {
	id := fmt.Sprintf("%032x", h.rnd.Uint64())
	n := call.Noted{Opener: name, Call: id, At: h.now.Truncate(time.Second), With: []string{h.posts[name+"Minister"].Place().String()}, By: watch}
	h.says(name)(call.NoteDraft(name, class, "actual", n, nil))
	if theirs != "" {
		h.says(other(name))(record.Draft{Kind: call.KindClass, Class: theirs, Mark: "actual", Facts: call.Word{Opener: name, Call: id, By: &watch}}, nil)
	}
}

// telephoned is a history with calls on the ordinary telephone, and how many of them used the line for substance.
func telephoned(t testing.TB) (h *lived, used, disputed int) {
	h = newHistory(t, 300, 0)
	h.note("aurelia", "substantive", "")
	h.note("aurelia", "service", "substantive")
	h.note("borealia", "service", "")
	h.note("borealia", "test", "service")
	h.note("borealia", "substantive", "test")
	h.meet()
	return h, 3, 2
}

// TestClaimCountsCallsOnTheOrdinaryTelephone: what was said by another telephone, and is on the record, is in the figure.
//
// SPEC: CLM-006 CLM-020 CHK-035
func TestClaimCountsCallsOnTheOrdinaryTelephone(t *testing.T) {
	h, used, disputed := telephoned(t)
	for _, us := range []string{"aurelia", "borealia"} {
		rep := judged(h.claimed(us), Expected{})
		if rep.Verdict != Holds || rep.Claim == nil || rep.Claim.Facts.Used.Calls != used || rep.Claim.Facts.Used.Disputed != disputed {
			t.Fatalf("%s: %s", us, lines(rep))
		}
		h.meet()
	}
}

// talk states both ends of a call.
func (h *lived) talk(caller, classA, classB, outcome string) {
	id := fmt.Sprintf("%032x", h.rnd.Uint64())
	at := h.now.Truncate(time.Second)
	h.says(caller)(record.Draft{Kind: call.KindPlaced, Class: classA, Mark: "actual", Facts: call.Word{Opener: caller, Call: id, By: &watch, At: at}}, nil)
	for i, name := range []string{caller, other(caller)} {
		h.says(name)(record.Draft{Kind: call.KindClosed, Class: []string{classA, classB}[i], Mark: "actual", Facts: call.Closed{Opener: caller, Call: id, Outcome: call.Outcome{What: outcome}, Began: at, Ended: at}}, nil)
	}
}

// newHistory makes some days of a line out of a seed.
func newHistory(t testing.TB, seed uint64, days int, terms ...byte) *lived {
	h := &lived{world: newWorld(t, terms...), rnd: rand.New(rand.NewPCG(seed, 7)), posts: map[string]*record.Entry{}}
	h.since = h.now.Truncate(24 * time.Hour)
	none := new(register.Register)
	for i, name := range []string{"Minister", "Chief of Staff"} {
		a := h.says("aurelia")(none.PostDraft("aurelia", register.Post{Org: "ministry", Name: name, Level: i + 1, Number: "+39 000 0000"}, "", nil))
		h.posts["aurelia"+name] = a
		h.posts["borealia"+name] = h.says("borealia")(none.PostDraft("borealia", register.Post{Org: "ministry", Name: name, Level: i + 1, Pair: a.Place().String()}, "", nil))
	}
	for range days {
		h.now = h.now.Truncate(24 * time.Hour).Add(33 * time.Hour)
		h.day()
	}
	h.meet()
	return h
}

func pick[T any](h *lived, of ...T) T { return of[h.rnd.IntN(len(of))] }

// day is one day, from nine o'clock on.
func (h *lived) day() {
	if how := pick(h, check.Passed, check.Passed, check.Passed, check.Failed, check.Declined, check.NoOperator, ""); how != "" {
		h.pass(h.now.Truncate(time.Hour), how)
	}
	name := pick(h, "aurelia", "borealia")
	switch h.rnd.IntN(9) {
	case 0:
		d := record.Draft{Kind: "message.question", Class: pick(h, statement.Classes...), Mark: pick(h, statement.Marks...), Facts: message.Facts{Precedence: "ROUTINE", By: watch}, Text: &record.Text{Lang: "en", Text: "where are you?"}}
		m := h.says(name)(d, nil)
		if h.rnd.IntN(2) == 0 {
			h.says(other(name))(record.Draft{Kind: "message.classed", Class: pick(h, statement.Classes...), Mark: m.Mark, Re: []record.Ref{m.Ref()}, Facts: message.StepFacts{By: watch}}, nil)
		}
	case 1:
		h.says(name)(stop.Draft(record.Draft{Class: pick(h, "substantive", "test"), Mark: "actual"}, stop.Said{ID: fmt.Sprintf("%032x", h.rnd.Uint64()), By: watch}))
	case 2:
		h.talk(name, pick(h, statement.Classes...), pick(h, statement.Classes...), pick(h, call.Answered, call.NoAnswer))
	case 3, 4:
		h.contact(name)
	case 5, 6:
		h.request(name)
	case 7:
		s := h.says(name)(service.Draft(name, "line.suspended", nil, service.Stated{Until: h.now.Add(30 * time.Hour).Truncate(time.Second), Reason: "a feast day", By: watch}, nil, "", h.now))
		if h.rnd.IntN(2) == 0 {
			h.says(name)(service.Draft(name, "line.resumed", s, service.Stated{By: watch}, nil, "", h.now))
		}
	case 8:
		h.agree(name)
	}
}

func (h *lived) contact(name string) {
	who := pick(h, "Minister", "Chief of Staff")
	f := contact.Contact{Kind: pick(h, contact.Call, contact.Meeting), When: statement.Day(h.now.AddDate(0, 0, -h.rnd.IntN(5))), Basis: contact.ToldBy, Source: "their desk", By: watch,
		Participants: []contact.Participant{{Post: h.posts["aurelia"+who].Place().String(), Names: []string{"A. One"}}, {Post: h.posts["borealia"+who].Place().String()}}}
	e := h.saysAlone(name)(contact.MadeDraft(name, f, pick(h, "actual", "actual", "exercise"), nil, nil))
	if h.rnd.IntN(2) == 0 {
		f.Kind = pick(h, f.Kind, contact.Call)
		h.saysAlone(other(name))(contact.MadeDraft(other(name), f, e.Mark, nil, nil))
	}
	h.meet()
	if h.rnd.IntN(2) == 0 {
		h.says(other(name))(contact.VerdictDraft(other(name), e, e, h.rnd.IntN(2) == 0, contact.Verdict{Reason: "as we know it", By: watch}))
	}
}

func (h *lived) request(name string) {
	who := pick(h, "Minister", "Chief of Staff")
	f := contact.Request{For: contact.Call, From: h.posts[name+who].Place().String(), With: h.posts[other(name)+who].Place().String(), When: statement.Day(h.now), Standing: h.rnd.IntN(2) == 0, Basis: contact.Own, By: watch}
	b := h.says(name)(contact.PlacedDraft(name, f, "", nil))
	of := func() *contact.Request {
		r, _ := h.side(name)
		return contact.Fold(r.Item(r.ItemOf(r.At(b.Place()))), r).Request
	}
	for range h.rnd.IntN(3) {
		by := pick(h, "aurelia", "borealia")
		o := h.says(by)(contact.OutcomeDraft(of(), b, by, contact.Result{Outcome: pick(h, contact.Outcomes...), ToldBy: "their desk", By: watch}))
		if h.rnd.IntN(2) == 0 {
			h.says(other(by))(contact.VerdictDraft(other(by), b, o, h.rnd.IntN(2) == 0, contact.Verdict{By: watch}))
		}
		if h.rnd.IntN(2) == 0 {
			b2 := h.says(name)(contact.TriedDraft(of(), name, contact.Attempt{When: statement.Day(h.now), Basis: contact.Own, By: watch}, false))
			h.says(other(name))(contact.OutcomeDraft(of(), b2, other(name), contact.Result{Outcome: pick(h, contact.Outcomes...), By: watch}))
		}
	}
	if h.rnd.IntN(3) == 0 {
		h.says(name)(contact.WithdrawnDraft(of(), name, contact.Verdict{By: watch}))
	}
}

// agree changes the hours of the check, if the terms are still those of the genesis.
func (h *lived) agree(name string) {
	t := party.DefaultTerms()
	t.Schedule.Checks = []string{"09:00", "21:00"}
	b, err := t.Encode([32]byte{8})
	h.must(err)
	p := h.says(name)(service.ProposeDraft(name, service.Proposal{Terms: string(party.Bare(b)), Replaces: wire.Sum(party.Bare(h.terms)).String(), From: h.now.Add(48 * time.Hour), By: watch}, "", h.now))
	r, _ := h.side(name)
	h.says(other(name))(service.AcceptDraft(other(name), service.FoldTerms(r.Item(r.ItemOf(p)), r.Told), watch, h.now))
}

func (h *lived) line(us string) claim.Sides {
	return claim.Sides{Us: us, Them: other(us), First: h.g.Parties[0].Party, Terms: h.terms, Alone: h.g.Alone()}
}

// made works a claim out of what a party holds, and states it.
func (h *lived) made(us string, r *record.Record, run *record.Run, change func(*claim.Claim)) *record.Entry {
	h.t.Helper()
	copied, err := Rebuild(h.o, r)()
	h.must(err)
	at := h.tick().Truncate(time.Second)
	m, unknown := claim.Work(copied, h.line(us), claim.Figures, h.since, at, nil)
	if len(unknown) > 0 && change == nil {
		h.t.Fatal(unknown)
	}
	m.By = watch
	if change != nil {
		change(&m)
	}
	d, err := claim.PressDraft(us, claim.KindMade, m, nil)
	h.must(err)
	e, err := run.Append(d, h.tick(), record.PeerClock{}, h.rand)
	h.must(err)
	return e
}

func (h *lived) sheetNotes() (out [][]byte) {
	for _, s := range h.sheets {
		if !h.g.Alone() || s.Party == h.g.Parties[0].Party {
			out = append(out, s.Note)
		}
	}
	return out
}

func (h *lived) claimFile(r *record.Record, e *record.Entry) []byte {
	var b bytes.Buffer
	h.must(WriteClaim(h.g.Note, h.terms, h.sheetNotes(), r, e, claim.Figures)(&b))
	return b.Bytes()
}

// claimed makes an honest claim of a party and gives its file.
func (h *lived) claimed(us string) []byte {
	r, run := h.side(us)
	return h.claimFile(r, h.made(us, r, run, nil))
}

func lines(rep Report) string {
	if rep.Claim == nil {
		return "verdict " + rep.Verdict + "\n"
	}
	return "verdict " + rep.Verdict + "\n" + strings.Join(rep.Claim.Lines, "\n") + "\n"
}

// TestClaimsHoldOfEveryHistory: an honest claim of either party holds, whatever happened, and says what the full record says.
//
// SPEC: CLM-001 CLM-002 CLM-004 CLM-005 CLM-006 CLM-008 CLM-009 CLM-010 CLM-011 CLM-012 CLM-014 CLM-015
// SPEC: CLM-016 CLM-017 CLM-018 CLM-019 CLM-020 CLM-021 CLM-022 CLM-023 CLM-024 CLM-025 CLM-026 CLM-027 CLM-028 CLM-029 CLM-030
func TestClaimsHoldOfEveryHistory(t *testing.T) {
	for seed := range uint64(30) {
		h := newHistory(t, seed, 25)
		for _, us := range []string{"aurelia", "borealia"} {
			rep := judged(h.claimed(us), Expected{})
			if rep.Verdict != Holds {
				t.Fatalf("%d %s: %s", seed, us, rep)
			}
			if bytes.Contains([]byte(lines(rep)), []byte("A. One")) {
				t.Error("a name is in it")
			}
			if seed == 0 {
				t.Log(rep, lines(rep))
			}
			h.meet()
		}
	}
}

var vectors = flag.Bool("vectors", false, "write the vectors of claims into the specification")

// TestClaimVectors: the files of spec/claims come to the lines beside them.
//
// SPEC: CLM-029
func TestClaimVectors(t *testing.T) {
	const dir = "../spec/claims"
	if *vectors {
		keep := func(name string, b []byte) {
			name = filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			if os.MkdirAll(dir, 0o755) != nil || os.WriteFile(name+".claim", b, 0o644) != nil || os.WriteFile(name+".lines", []byte(lines(judged(b, Expected{}))), 0o644) != nil {
				t.Fatal("the vectors cannot be written")
			}
		}
		for seed := range uint64(4) {
			h := newHistory(t, 100+seed, 9)
			keep(fmt.Sprintf("honest-%d", seed), h.claimed(pick(h, "aurelia", "borealia")))
		}
		told, _, _ := telephoned(t)
		keep("calls-on-the-ordinary-telephone", told.claimed("borealia"))
		keep("of a line alone", aloneFor(t, 10).claimed("aurelia"))
		keep("of a line alone that is out of service", aloneFor(t, 10, away).claimed("aurelia"))
		ended, _ := endedBehind(t)
		b := ended.claimed("aurelia")
		keep("past the end of a key", b)
		keep("past the end of a key without its receipts", ended.kept(b, func(p Piece) bool { return p.Kind != "receipt" }))
		ended.meet()
		keep("past the end of their key", ended.claimed("borealia"))
		keep("tests of the ordinary telephone", noted(t).claimed("aurelia"))
		before := joined(t)
		b = before.claimed("aurelia")
		keep("what was stated before the line", b)
		keep("entries left out that are named", before.without(b, 4))
		before.meet()
		keep("what they stated before the line", before.claimed("borealia"))
		for _, f := range forms {
			keep(f.name, f.file(t))
		}
		for _, f := range spoilt {
			keep(f.name, f.file(t))
		}
		twice, _, _ := doubled(t)
		twice.meet()
		keep("a leaf for two statements", twice.claimed("borealia"))
		h := newHistory(t, 200, 9)
		for _, f := range forgeries {
			if b := f.forge(h, pick(h, "aurelia", "borealia")); b != nil {
				keep(f.name, b)
			}
		}
	}
	files, err := filepath.Glob(dir + "/*.claim")
	if err != nil || len(files) < 4+len(forgeries)/2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(f, ".claim") + ".lines")
		if got := lines(judged(b, Expected{})); err != nil || got != string(want) {
			t.Errorf("%s: %v\n%s", f, err, got)
		}
	}
}
