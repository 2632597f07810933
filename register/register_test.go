// SPDX-License-Identifier: Apache-2.0

package register

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/hint"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// world makes entries by hand.
type world struct {
	t *testing.T
	n int
}

func (w *world) entry(party string, d record.Draft) *record.Entry {
	w.t.Helper()
	b, err := wire.EncodeBody(d.Facts, [32]byte{1})
	if err != nil {
		w.t.Fatal(err)
	}
	e := record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: party, Number: 1, Run: "aaaaaa"}}, Index: w.n,
		Kind: d.Kind, Class: d.Class, Mark: d.Mark, Re: d.Re}, nil, b, nil)
	e.Leaf = wire.Sum([]byte{byte(w.n)})
	w.n++
	return e
}

// item states a draft, which must be valid, as an item of its own.
func (w *world) item(party string) func(record.Draft, error) *record.Item {
	return func(d record.Draft, err error) *record.Item {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
		e := w.entry(party, d)
		if err := judge(e, nil); err != nil {
			w.t.Fatalf("%s: %v", d.Kind, err)
		}
		return &record.Item{Key: e.Place().String(), Begin: e, Entries: []*record.Entry{e}}
	}
}

func judge(e, begin *record.Entry) error {
	for _, k := range Kinds {
		if k.Name == e.Kind {
			return k.Validate(e, begin)
		}
	}
	return errors.New("no such kind")
}

// none is a register in which nobody is.
var none = &Register{}

type shorter struct{}

func (shorter) Short(e *record.Entry) string {
	return fmt.Sprintf("%s%d-%d", strings.ToUpper(e.Log.Party[:1]), e.Log.Number, e.Index)
}

// SPEC: MSG-041, MSG-042, MSG-043, MSG-045
func TestRegisterKnowsWhatBothStated(t *testing.T) {
	w := &world{t: t}
	a, b := w.item("aurelia"), w.item("borealia")
	amaro := a(none.OfficerDraft("aurelia", Officer{Name: "Lt Amaro", Account: "amaro", Langs: []string{"it", "en"}, Releaser: true, Number: "+39 000 0000"}, ""))
	bruni := b(none.OfficerDraft("borealia", Officer{Name: "Cpt Bruni", Account: "bruni"}, ""))
	gone := a(none.OfficerDraft("aurelia", Officer{Name: "Sgt Neri", Account: "amaro"}, ""))
	ours := a(none.PostDraft("aurelia", Post{Org: "ministry", Name: "Minister", Names: map[string]string{"it": "Ministro"}, Level: 1}, "exercise"))
	theirs := a(none.PostDraft("aurelia", Post{Org: "ministry", Name: "Their minister", Level: 1, Theirs: true, Pair: ours.Begin.Place().String()}, "exercise"))
	own := b(none.PostDraft("borealia", Post{Org: "ministry", Name: "Minister", Level: 1, Pair: ours.Begin.Place().String()}, ""))
	lonely := a(none.PostDraft("aurelia", Post{Org: "staff", Name: "Chief", Level: 2, Pair: ours.Begin.Place().String()}, ""))
	event := a(none.EventDraft("aurelia", Event{Name: "incursion", Names: map[string]string{"it": "incursione"}, When: statement.At(time.Date(2022, 2, 24, 3, 40, 0, 0, time.UTC))}, ""))

	g := Build([]*record.Item{gone})
	d, err := revokeDraft(g.Officers[0], "aurelia", "left")
	if err != nil {
		t.Fatal(err)
	}
	end := w.entry("aurelia", d)
	gone.Entries = append(gone.Entries, end)
	if err := judge(end, gone.Begin); err != nil {
		t.Fatal(err)
	}
	if bad := w.entry("borealia", d); judge(bad, gone.Begin) == nil {
		t.Error("the other party revokes an officer")
	}
	items := []*record.Item{amaro, bruni, gone, ours, theirs, own, lonely, event, nil, {Key: "x"}}
	g = Build(items)
	for range 200 {
		rand.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		if !reflect.DeepEqual(Build(items), g) {
			t.Fatal("the register depends on order")
		}
	}
	if len(g.Officers) != 3 || len(g.Posts) != 4 || len(g.Events) != 1 || g.Events[0].When.String() != "2022-02-24T03:40:00Z" || g.Events[0].Title("it") != "incursione" {
		t.Errorf("%+v", g)
	}
	minister := g.Post(ours.Begin.Place())
	if want := []record.Place{theirs.Begin.Place(), own.Begin.Place()}; !reflect.DeepEqual(minister.Counterparts, want) {
		t.Errorf("counterparts %v, want %v", minister.Counterparts, want)
	}
	if p := g.Post(theirs.Begin.Place()); len(p.Counterparts) != 1 || p.Of("aurelia", "borealia") != "borealia" || minister.Of("aurelia", "borealia") != "aurelia" {
		t.Errorf("%+v", p)
	}
	if p := g.Post(lonely.Begin.Place()); len(p.Counterparts) != 0 {
		t.Error("two posts of one side are counterparts")
	}
	if os := g.ForAccount("aurelia", "amaro"); len(os) != 1 || os[0].Name != "Lt Amaro" || !slices.Contains(os[0].Langs, "en") || g.Officer(gone.Begin.Place()).Revoked != end {
		t.Errorf("%+v", os)
	}
	if o := g.OfficerAt(bruni.Begin.Place().String()); o == nil || o.Name != "Cpt Bruni" || g.OfficerAt("") != nil {
		t.Errorf("%+v", o)
	}
	look(t, g, minister)
}

func look(t *testing.T, g *Register, minister *Post) {
	t.Helper()
	var r shorter
	for _, s := range []string{r.Short(minister.Entry), "ministro", "Minister"} {
		if p, err := g.FindPost(s, "aurelia", r.Short); err != nil || p != minister {
			t.Errorf("%s: %+v %v", s, p, err)
		}
	}
	if p, err := g.FindPost("Minister", "borealia", r.Short); err != nil || p.Party != "borealia" {
		t.Errorf("%+v %v", p, err)
	}
	var ae *hint.Error
	if _, err := g.FindPost("minister", "", r.Short); !errors.As(err, &ae) || ae.Hint == "" || !strings.Contains(ae.What, r.Short(minister.Entry)) {
		t.Errorf("an ambiguous name: %v", err)
	}
	if _, err := g.FindPost("nobody", "aurelia", r.Short); !errors.As(err, &ae) {
		t.Errorf("%v", err)
	}
	if e, err := g.FindEvent("INCURSIONE", r.Short); err != nil || e.Name != "incursion" {
		t.Errorf("%v", err)
	}
	if o, err := g.FindOfficer("amaro", "aurelia", r.Short); err != nil || o.Name != "Lt Amaro" {
		t.Errorf("%v", err)
	}
	if _, err := g.FindOfficer("Sgt Neri", "aurelia", r.Short); err == nil {
		t.Error("a revoked officer is found")
	}
}

// Two names that read the same are one officer, post or event. SPEC: MSG-046
func TestRefusesNameThatReadsTheSame(t *testing.T) {
	w := &world{t: t}
	a := w.item("aurelia")
	day := statement.Day(time.Date(2022, 2, 24, 0, 0, 0, 0, time.UTC))
	g := Build([]*record.Item{a(none.OfficerDraft("aurelia", Officer{Name: "Lt José Amaro"}, "")),
		a(none.PostDraft("aurelia", Post{Org: "ministry", Name: "Minister", Level: 1}, "")), a(none.EventDraft("aurelia", Event{Name: "incursion", When: day}, ""))})
	for _, name := range []string{"Lt José Amaro", "lt  josé AMARO", "Lt Jose\u0301 Amaro", "Lt José Аmаro", "Lt\u00a0José Amaro"} {
		if d, err := g.OfficerDraft("aurelia", Officer{Name: name}, ""); err == nil {
			t.Errorf("%q is another officer: %+v", name, d.Facts)
		}
	}
	if _, err := g.PostDraft("aurelia", Post{Org: "Ministry", Name: "MINISTER", Level: 2}, ""); err == nil {
		t.Error("a post of one name twice in one organisation")
	}
	if _, err := g.PostDraft("aurelia", Post{Org: "ministry", Name: "Minister", Level: 1, Theirs: true}, ""); err != nil {
		t.Errorf("their post of the same name: %v", err)
	}
	if _, err := g.EventDraft("aurelia", Event{Name: "INCURSION", When: day}, ""); err == nil {
		t.Error("an event of one name twice")
	}
	for _, name := range []string{"Lt Amaro", "Lt José Amari"} {
		if _, err := g.OfficerDraft("aurelia", Officer{Name: name}, ""); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// SPEC: MSG-040
func TestGenesisStandsInPlaceNought(t *testing.T) {
	text := []byte("parley/v1 genesis\nline north\n")
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	note, err := wire.SignNote(text, "aurelia/sign", key)
	if err != nil {
		t.Fatal(err)
	}
	d, err := GenesisDraft(wire.Leaf(text), note)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t}
	e := w.entry("aurelia", d)
	e.Log.Genesis = wire.Leaf(text)
	if err := judge(e, nil); err != nil {
		t.Error(err)
	}
	if g := Build([]*record.Item{{Begin: e}}); g.Genesis["aurelia"] != e {
		t.Error("no genesis in the register")
	}
	if e.Index = 1; judge(e, nil) == nil {
		t.Error("a genesis in place 1")
	}
	if e.Index, e.Log.Genesis = 0, wire.Hash(sha256.Sum256(nil)); judge(e, nil) == nil {
		t.Error("another line's genesis")
	}
	if _, err := GenesisDraft(wire.Hash{}, note); err == nil {
		t.Error("a genesis under another's hash")
	}
}

// SPEC: MSG-005, MSG-041, MSG-043, MSG-044
func TestRecordRefusesWhatIsNotValid(t *testing.T) {
	for what, make := range map[string]func() (record.Draft, error){
		"name is missing": func() (record.Draft, error) { return none.OfficerDraft("aurelia", Officer{Name: " "}, "") },
		"direction":       func() (record.Draft, error) { return none.OfficerDraft("aurelia", Officer{Name: "a\u202eb"}, "") },
		"language": func() (record.Draft, error) {
			return none.OfficerDraft("aurelia", Officer{Name: "a", Langs: []string{"English"}}, "")
		},
		"telephone": func() (record.Draft, error) {
			return none.OfficerDraft("aurelia", Officer{Name: "a", Number: "call me"}, "")
		},
		"mark":         func() (record.Draft, error) { return none.OfficerDraft("aurelia", Officer{Name: "a"}, "drill") },
		"level":        func() (record.Draft, error) { return none.PostDraft("aurelia", Post{Org: "m", Name: "n"}, "") },
		"organisation": func() (record.Draft, error) { return none.PostDraft("aurelia", Post{Name: "n", Level: 1}, "") },
		"not a place": func() (record.Draft, error) {
			return none.PostDraft("aurelia", Post{Org: "m", Name: "n", Level: 1, Pair: "A1-4"}, "")
		},
		"not a date": func() (record.Draft, error) { return none.EventDraft("aurelia", Event{Name: "n"}, "") },
		"of its own par": func() (record.Draft, error) {
			return revokeDraft(&Officer{Origin: Origin{Party: "borealia", Entry: record.NewEntry(record.Head{Log: &record.LogName{}}, nil, nil, nil)}}, "aurelia", "")
		},
	} {
		var ae *hint.Error
		if _, err := make(); !errors.As(err, &ae) || !strings.Contains(ae.What, what) || ae.Hint == "" {
			t.Errorf("want %q, got %v", what, err)
		}
	}
}

// FuzzFacts: whatever bytes stand as facts, judging them does not fail.
func FuzzFacts(f *testing.F) {
	f.Add("officer.added", []byte(`{"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","name":"x"}`))
	f.Add("post.added", []byte(`{"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","org":"x","name":"x","level":1}`))
	f.Add("line.genesis", []byte(`{"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","genesis":"x","hash":"x"}`))
	f.Fuzz(func(t *testing.T, kind string, facts []byte) {
		e := record.NewEntry(record.Head{Log: &record.LogName{}, Kind: kind, Class: "service", Mark: "actual"}, nil, facts, nil)
		if judge(e, nil) == nil {
			Build([]*record.Item{{Begin: e, Entries: []*record.Entry{e}}})
		}
	})
}

// revokeDraft makes officer.revoked.
func revokeDraft(o *Officer, party, reason string) (record.Draft, error) {
	if o.Revoked != nil {
		return record.Draft{}, statement.Refuse("see: parley officer list", "%s is revoked already", o.Name)
	}
	return statement.Draft(Kinds, party, o.Entry, record.Draft{Kind: "officer.revoked", Re: []record.Ref{o.Entry.Ref()}, Facts: revocation{Reason: reason}},
		"see: parley officer list")
}
