// SPDX-License-Identifier: Apache-2.0

package message

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	mrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/record"
	"example.org/parley/stop"
	"example.org/parley/wire"
)

// pair is a line of two parties with a record each.
type pair struct {
	t    *testing.T
	o    record.Options
	keys map[string]ed25519.PrivateKey
	rec  map[string]*record.Record
	run  map[string]*record.Run
	name map[string]string
	rand *mrand.ChaCha8
	now  time.Time
	all  []*record.Entry
	rcs  [][]byte
}

func newPair(t *testing.T) *pair {
	p := &pair{t: t, keys: map[string]ed25519.PrivateKey{}, rec: map[string]*record.Record{}, run: map[string]*record.Run{}, name: map[string]string{},
		rand: mrand.NewChaCha8(sha256.Sum256([]byte(t.Name()))), now: t0}
	p.o = record.Options{Genesis: wire.Sum([]byte("genesis")), Kinds: map[string]record.Kind{}}
	for _, k := range slices.Concat(Kinds, stop.Kinds) {
		p.o.Kinds[k.Name] = k.Kind
	}
	for i, name := range []string{"aurelia", "borealia"} {
		seed := sha256.Sum256([]byte(name))
		k := ed25519.NewKeyFromSeed(seed[:])
		p.keys[name] = k
		p.o.Parties[i] = record.Party{Name: name, Letter: strings.ToUpper(name[:1]), Keys: []ed25519.PublicKey{k.Public().(ed25519.PublicKey)}}
	}
	for _, name := range []string{"aurelia", "borealia"} {
		p.rec[name] = record.New(p.o)
		p.open(name, "first")
	}
	return p
}

func (p *pair) open(party, why string) {
	p.name[party] = record.NewRunName(p.rand)
	p.run[party] = p.rec[party].OpenRun(record.RunConfig{Party: party, Station: "main", Why: why, Run: p.name[party], Key: p.keys[party]})
}

// say states a draft; it reaches the other party only where heard.
func (p *pair) say(party string, heard bool, d record.Draft, err error) *record.Entry {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %v", d.Kind, err)
	}
	p.now = p.now.Add(1700 * time.Millisecond)
	e, err := p.run[party].Append(d, p.now, record.PeerClock{}, p.rand)
	if err != nil {
		p.t.Fatalf("%s: %v", d.Kind, err)
	}
	if e.Inert != "" {
		p.t.Fatalf("%s is not valid: %s", d.Kind, e.Inert)
	}
	p.all = append(p.all, e)
	if heard {
		p.hear(e)
	}
	return e
}

// hear gives an entry to the other party, which receipts it.
func (p *pair) hear(e *record.Entry) {
	p.t.Helper()
	other := map[string]string{"aurelia": "borealia", "borealia": "aurelia"}[e.Log.Party]
	r := p.rec[other]
	if _, err := r.Add(e.Pieces()); err != nil {
		p.t.Fatal(err)
	}
	rc, err := r.Receipt(r.ByRef(e.Ref()), other, p.name[other], 1, p.now, p.keys[other])
	if err != nil {
		p.t.Fatal(err)
	}
	p.rcs = append(p.rcs, rc.Note())
	for _, r := range p.rec {
		p.receipt(r, rc.Note())
	}
}

// receipt gives a receipt to a record, as it came.
func (p *pair) receipt(r *record.Record, note []byte) {
	p.t.Helper()
	rc, err := p.o.CheckReceipt(note)
	if err != nil {
		p.t.Fatal(err)
	}
	r.ApplyReceipt(rc)
}

func (p *pair) state(party string, e *record.Entry) State {
	r := p.rec[party]
	return Fold(r.Item(r.ItemOf(r.ByRef(e.Ref()))), r)
}

// story plays messages and STOPs, some of it crossing on a cut line.
func (p *pair) story() {
	d, err := question().draft("aurelia", p.now)
	q := p.say("aurelia", true, d, err)
	b := func(d record.Draft, err error) *record.Entry { return p.say("borealia", false, d, err) }
	b(ShownDraft(p.state("borealia", q), atB))
	b(AckDraft(p.state("borealia", q), atB, Linguist, "", nil))
	b(AckDraft(p.state("borealia", q), atB, "translation", "", map[string]string{"place": "54-12n 18-24e", "heading": "45"}))
	b(RespondDraft(p.state("borealia", q), atB, Standby, p.now.Add(time.Hour), nil, p.now))
	b(RespondDraft(p.state("borealia", q), atB, "will-comply", time.Time{}, nil, p.now))
	qref := q.Ref()
	d, err = typed{Phrase: "THIS_IS_OURS", Fields: map[string]string{"object": "drone", "place": "54.20N 18.40E"}, ReplyTo: &qref, By: bruni}.draft("borealia", p.now)
	answer := b(d, err)
	d, err = stop.Draft(record.Draft{}, stop.Said{ID: theID, Place: "54.2n 18.4e", By: amaro})
	p.say("aurelia", false, d, err)
	s := stop.Heard([]stop.Copy{{Step: stop.Sent, Party: "aurelia", ID: theID, Class: d.Class, Mark: d.Mark}})
	b(stop.StepDraft(s, atB, "take", "", "", ""))
	b(stop.StepDraft(s, atB, "in-effect", "", "", ""))
	p.open("borealia", "restart")
	b(stop.StepDraft(s, atB, "refuse", "cannot-reach-unit", "", ""))
	b(RespondDraft(p.state("borealia", q), atB, "cannot-comply", time.Time{}, nil, p.now))
	b(RespondDraft(p.state("borealia", q), atB, Complied, time.Time{}, &record.Text{Lang: "it", Text: "fatto"}, p.now))
	d, err = stop.Draft(record.Draft{}, stop.Said{ID: theID, Reason: "people-in-danger", By: amaro})
	p.say("aurelia", true, d, err)
	d, err = stop.StepDraft(stop.State{From: "aurelia", ID: theID, Open: true}, atA, "lift", "danger-is-over", "", "")
	p.say("aurelia", true, d, err)
	p.hear(answer)
}

func (p *pair) digest(r *record.Record) string {
	var out []any
	for _, k := range r.Items() {
		it := r.Item(k)
		if len(it.Entries) > 0 && strings.HasPrefix(it.Entries[0].Kind, "stop.") {
			s := stop.Fold(it, r)
			for _, l := range s.Steps {
				for i := range l {
					l[i].Entry = nil
				}
			}
			out = append(out, s, stop.Due(s, true, p.now), stop.Due(s, false, p.now))
			continue
		}
		s := Fold(it, r)
		ladder := s.Ladder()
		for i := range ladder {
			ladder[i].Entry = nil
		}
		s.Begin, s.Recorded.Entry = nil, nil
		for _, l := range s.Steps {
			for i := range l {
				l[i].Entry = nil
			}
		}
		for _, st := range []*Step{s.Understood, s.Awaiting, s.Response} {
			if st != nil {
				st.Entry = nil
			}
		}
		out = append(out, s, ladder, Due(s, true, nil, p.now), Due(s, false, nil, p.now))
	}
	b, err := json.Marshal(out)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// SPEC: MSG-022, MSG-032
func TestSameStateInAnyOrder(t *testing.T) {
	p := newPair(t)
	p.story()
	type arrival struct {
		e  *record.Entry
		rc []byte
	}
	var want string
	rnd := mrand.New(p.rand)
	for round := range 200 {
		var as []arrival
		for _, e := range p.all {
			as = append(as, arrival{e: e})
		}
		for _, rc := range p.rcs {
			as = append(as, arrival{rc: rc})
		}
		if round > 0 {
			rnd.Shuffle(len(as), func(i, j int) { as[i], as[j] = as[j], as[i] })
		}
		r := record.New(p.o)
		for _, a := range as {
			if a.e == nil {
				p.receipt(r, a.rc)
			} else if _, err := r.Add(a.e.Pieces()); err != nil {
				t.Fatal(err)
			}
		}
		got := p.digest(r)
		if round == 0 {
			want = got
			for _, has := range []string{`"Status":"lifted"`, `"how":"cannot-comply"`, `"Contradicted":false`, `"read":"translation"`} {
				if !strings.Contains(want, has) {
					t.Errorf("the story's state lacks %s: %s", has, want)
				}
			}
			if n := strings.Count(want, `"scope":"everywhere"`); n != 2 {
				t.Errorf("%d presses of the STOP stand in the story's state, not 2: %s", n, want)
			}
		}
		if got != want {
			t.Fatalf("round %d: another state:\n%s\n%s", round, got, want)
		}
	}
}

// SPEC: MSG-020, MSG-031
func TestRecordGroupsAndRefuses(t *testing.T) {
	p := newPair(t)
	p.story()
	r := p.rec["borealia"]
	q := r.ByRef(p.all[0].Ref())
	s := Fold(r.Item(r.ItemOf(q)), r)
	if len(s.Replies) != 1 || s.Response.How != "cannot-comply" || len(s.Steps[Complied]) != 1 {
		t.Errorf("state: %+v", s)
	}
	reply := r.At(s.Replies[0].Place)
	if a := Fold(r.Item(r.ItemOf(reply)), r); a.ReplyTo == nil || *a.ReplyTo != q.Ref() || a.Kind != "answer" {
		t.Errorf("the answer is no item of its own: %+v", a)
	}
	bad := record.Draft{Kind: "message.acknowledged", Class: s.Class, Mark: s.Mark, Re: []record.Ref{q.Ref()},
		Facts: StepFacts{Read: "original", ReadBack: map[string]string{"place": "54.20N 18.41E", "heading": "045"}, By: bruni}}
	e, err := p.run["borealia"].Append(bad, p.now.Add(time.Minute), record.PeerClock{}, p.rand)
	if err == nil && !strings.Contains(e.Inert, "read-back differs: place") {
		t.Errorf("a wrong read-back stands: %q", e.Inert)
	}
	if err == nil {
		if again := Fold(r.Item(r.ItemOf(q)), r); len(again.Steps[Acknowledged]) != len(s.Steps[Acknowledged]) {
			t.Error("a wrong read-back folds")
		}
	}
}
