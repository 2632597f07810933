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
	var text []byte
	if d.Text != nil {
		if text, err = wire.EncodeBody(d.Text, [32]byte{2}); err != nil {
			w.t.Fatal(err)
		}
	}
	e := record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: party, Number: 1, Run: "aaaaaa"}}, Index: w.n,
		Kind: d.Kind, Class: d.Class, Mark: d.Mark, Re: d.Re}, nil, b, text)
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
	amaro := a(none.OfficerDraft("aurelia", Officer{Name: "Lt Amaro", Account: "amaro", Langs: []string{"it", "en"}, Releaser: true, Number: "+39 000 0000"}, "", nil))
	bruni := b(none.OfficerDraft("borealia", Officer{Name: "Cpt Bruni", Account: "bruni"}, "", nil))
	gone := a(none.OfficerDraft("aurelia", Officer{Name: "Sgt Neri", Account: "amaro"}, "", nil))
	ours := a(none.PostDraft("aurelia", Post{Org: "ministry", Name: "Minister", Names: map[string]string{"it": "Ministro"}, Level: 1}, "exercise", nil))
	theirs := a(none.PostDraft("aurelia", Post{Org: "ministry", Name: "Their minister", Level: 1, Whose: "borealia", Pair: ours.Begin.Place().String()}, "exercise", nil))
	own := b(none.PostDraft("borealia", Post{Org: "ministry", Name: "Minister", Level: 1, Pair: ours.Begin.Place().String()}, "", nil))
	lonely := a(none.PostDraft("aurelia", Post{Org: "staff", Name: "Chief", Level: 2, Pair: ours.Begin.Place().String()}, "", nil))
	event := a(none.EventDraft("aurelia", Event{Name: "incursion", Names: map[string]string{"it": "incursione"}, When: statement.At(time.Date(2022, 2, 24, 3, 40, 0, 0, time.UTC))}, "", nil))

	g := Build([]*record.Item{gone})
	d, err := EndDraft("aurelia", &g.Officers[0].Origin, statement.When{}, "left", "")
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
	if p := g.Post(theirs.Begin.Place()); len(p.Counterparts) != 1 || p.Of() != "borealia" || minister.Of() != "aurelia" {
		t.Errorf("%+v", p)
	}
	if p := g.Post(lonely.Begin.Place()); len(p.Counterparts) != 0 {
		t.Error("two posts of one side are counterparts")
	}
	if os := g.ForAccount("aurelia", "amaro"); len(os) != 1 || os[0].Name != "Lt Amaro" || !slices.Contains(os[0].Langs, "en") || g.Officer(gone.Begin.Place()).Ended != end {
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
	g := Build([]*record.Item{a(none.OfficerDraft("aurelia", Officer{Name: "Lt José Amaro"}, "", nil)),
		a(none.PostDraft("aurelia", Post{Org: "ministry", Name: "Minister", Level: 1}, "", nil)), a(none.EventDraft("aurelia", Event{Name: "incursion", When: day}, "", nil))})
	for _, name := range []string{"Lt José Amaro", "lt  josé AMARO", "Lt Jose\u0301 Amaro", "Lt José Аmаro", "Lt\u00a0José Amaro"} {
		if d, err := g.OfficerDraft("aurelia", Officer{Name: name}, "", nil); err == nil {
			t.Errorf("%q is another officer: %+v", name, d.Facts)
		}
	}
	if _, err := g.PostDraft("aurelia", Post{Org: "Ministry", Name: "MINISTER", Level: 2}, "", nil); err == nil {
		t.Error("a post of one name twice in one organisation")
	}
	if _, err := g.PostDraft("aurelia", Post{Org: "ministry", Name: "Minister", Level: 1, Whose: "borealia"}, "", nil); err != nil {
		t.Errorf("their post of the same name: %v", err)
	}
	if _, err := g.EventDraft("aurelia", Event{Name: "INCURSION", When: day}, "", nil); err == nil {
		t.Error("an event of one name twice")
	}
	for _, name := range []string{"Lt Amaro", "Lt José Amari"} {
		if _, err := g.OfficerDraft("aurelia", Officer{Name: name}, "", nil); err != nil {
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
		"name is missing": func() (record.Draft, error) { return none.OfficerDraft("aurelia", Officer{Name: " "}, "", nil) },
		"direction":       func() (record.Draft, error) { return none.OfficerDraft("aurelia", Officer{Name: "a\u202eb"}, "", nil) },
		"language": func() (record.Draft, error) {
			return none.OfficerDraft("aurelia", Officer{Name: "a", Langs: []string{"English"}}, "", nil)
		},
		"telephone": func() (record.Draft, error) {
			return none.OfficerDraft("aurelia", Officer{Name: "a", Number: "call me"}, "", nil)
		},
		"mark":         func() (record.Draft, error) { return none.OfficerDraft("aurelia", Officer{Name: "a"}, "drill", nil) },
		"level":        func() (record.Draft, error) { return none.PostDraft("aurelia", Post{Org: "m", Name: "n"}, "", nil) },
		"organisation": func() (record.Draft, error) { return none.PostDraft("aurelia", Post{Name: "n", Level: 1}, "", nil) },
		"not a place": func() (record.Draft, error) {
			return none.PostDraft("aurelia", Post{Org: "m", Name: "n", Level: 1, Pair: "A1-4"}, "", nil)
		},
		"not a date": func() (record.Draft, error) { return none.EventDraft("aurelia", Event{Name: "n"}, "", nil) },
		"of its own par": func() (record.Draft, error) {
			return EndDraft("aurelia", &Origin{Party: "borealia", Entry: record.NewEntry(record.Head{Kind: "officer.added", Log: &record.LogName{}}, nil, nil, nil)}, statement.When{}, "", "")
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

// SPEC: MSG-047
func TestWhatReplacesStandsInItsPlace(t *testing.T) {
	w := &world{t: t}
	a, b := w.item("aurelia"), w.item("borealia")
	day := func(s string) statement.When {
		d, err := statement.ParseWhen(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first := a(none.PostDraft("aurelia", Post{Org: "ministry", Name: "Minister", Level: 1, Names: map[string]string{"it": "Ministro"}}, "", nil))
	theirs := a(none.PostDraft("aurelia", Post{Org: "ministry", Name: "Minister", Level: 1, Whose: "borealia", Pair: first.Begin.Place().String()}, "", nil))
	event := a(none.EventDraft("aurelia", Event{Name: "incursion", When: day("2022-02-24")}, "", nil))
	g := Build([]*record.Item{first, theirs, event})
	second := a(g.PostDraft("aurelia", Post{Name: "Minister of Defence", Names: map[string]string{"fr": "Ministre"}}, "", g.Post(first.Begin.Place())))
	twin := a(g.PostDraft("aurelia", Post{Level: 2}, "", g.Post(first.Begin.Place()))) // by another desk, which did not know the second
	later := a(g.EventDraft("aurelia", Event{When: day("2022-02-25")}, "", g.Events[0]))
	if _, err := g.PostDraft("borealia", Post{Level: 3}, "", g.Posts[0]); err == nil {
		t.Error("a party replaced the other's statement")
	}
	forged := b(new(Register).PostDraft("borealia", Post{Org: "x", Name: "y", Level: 1}, "", nil))
	forged.Begin.Re = []record.Ref{first.Begin.Ref()}
	held := w.entry("aurelia", must(HolderDraft("aurelia", g.Posts[0], Holder{Name: "J. Doe", From: day("2022-01-01")}, "")))
	first.Entries = append(first.Entries, second.Begin, held)
	items := []*record.Item{first, theirs, event, second, twin, later, forged}
	g = Build(items)
	next := w.entry("aurelia", must(HolderDraft("aurelia", g.Posts[0], Holder{Name: "A. Roe", From: day("2022-03-01")}, "")))
	end := w.entry("aurelia", must(HolderEndDraft("aurelia", g.Post(first.Begin.Place()), "j. doe", day("2022-02-28"), "")))
	for _, it := range items {
		if it.Begin.Place() == g.Post(first.Begin.Place()).Place {
			it.Entries = append(it.Entries, next, end)
		}
	}
	g = Build(items)
	for range 100 {
		rand.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		if !reflect.DeepEqual(Build(items), g) {
			t.Fatal("the register depends on order")
		}
	}
	if len(g.Posts) != 3 || len(g.Events) != 1 || g.Events[0].When.String() != "2022-02-25" || g.Events[0].Name != "incursion" {
		t.Errorf("%d posts, events %+v", len(g.Posts), g.Events)
	}
	p := g.Post(first.Begin.Place())
	if p != g.Post(second.Begin.Place()) || p != g.Post(twin.Begin.Place()) || p.Level != 2 || len(p.Was) != 2 || p.Title("it") != "Ministro" {
		t.Errorf("%+v", p)
	}
	if len(p.Counterparts) != 1 || p.Counterparts[0] != theirs.Begin.Place() || g.Post(theirs.Begin.Place()).Counterparts[0] != p.Place {
		t.Errorf("counterparts %v", p.Counterparts)
	}
	if len(p.Holders) != 2 || p.Holders[0].Ended != end || p.Holder() != "A. Roe" {
		t.Errorf("holders %+v", p.Holders)
	}
	gone := w.entry("aurelia", must(EndDraft("aurelia", &p.Origin, day("2022-03-05"), "", "")))
	for _, it := range items {
		if it.Begin.Place() == p.Place {
			it.Entries = append(it.Entries, gone)
		}
	}
	g = Build(items)
	if p = g.Post(first.Begin.Place()); p.Ended != gone {
		t.Error("it has not ended")
	}
	if _, err := g.FindPost("Ministro", "aurelia", shorter{}.Short); err == nil {
		t.Error("a post that has ended is found by name")
	}
	if q, err := g.FindPost(shorter{}.Short(first.Begin), "aurelia", shorter{}.Short); err != nil || q != p {
		t.Errorf("what was before it is not found by its ID: %v", err)
	}
	for _, bad := range []string{"minister", "nobody"} {
		if _, err := g.FindEvent(bad, shorter{}.Short); err == nil || !strings.Contains(hint.Of(err).Hint, "incursion") {
			t.Errorf("%v does not say which events there are", err)
		}
	}
}

func must(d record.Draft, err error) record.Draft {
	if err != nil {
		panic(err)
	}
	return d
}

// A post is ours, theirs or a third party's, and nobody's is entered as another's.
//
// SPEC: MSG-048 MSG-046
func TestPostSaysWhoseItIs(t *testing.T) {
	w := &world{t: t}
	a, b := w.item("aurelia"), w.item("borealia")
	ours := a(none.PostDraft("aurelia", Post{Org: "presidency", Name: "President", Level: 1}, "", nil))
	third := a(none.PostDraft("aurelia", Post{Org: "presidency", Name: "President", Level: 1, Whose: "Cerulia", Pair: ours.Begin.Place().String()}, "", nil))
	own := b(none.PostDraft("borealia", Post{Org: "palace", Name: "President", Level: 1, Pair: ours.Begin.Place().String()}, "", nil))
	g := Build([]*record.Item{ours, third, own})
	for name, want := range map[string]string{"": "", "Aurelia": "", "BOREALIA": "borealia", "cerulia": "Cerulia", "Dorania": "Dorania"} {
		if got, err := g.Whose(name, "aurelia", "borealia"); got != want || err != nil {
			t.Errorf("%q is of %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"Вorealia", "аurelia", "Сerulia"} { // letters that are drawn the same
		if got, err := g.Whose(name, "aurelia", "borealia"); err == nil {
			t.Errorf("%q is taken as %q", name, got)
		}
	}
	for _, p := range []Post{{Org: "Presidency", Name: "PRESIDENT", Level: 2}, {Org: "presidency", Name: "President", Level: 1, Whose: "Cerulia"}} {
		if _, err := g.PostDraft("aurelia", p, "", nil); err == nil {
			t.Errorf("a post of one name twice in one organisation of one party: %+v", p)
		}
	}
	for _, p := range []Post{{Org: "palace", Name: "President", Level: 1}, {Org: "presidency", Name: "President", Level: 1, Whose: "borealia"}} {
		if _, err := g.PostDraft("aurelia", p, "", nil); err != nil {
			t.Errorf("%+v: %v", p, err)
		}
	}
	if p, err := g.FindPost("president, palace", "aurelia", shorter{}.Short); err != nil || p.Of() != "borealia" {
		t.Errorf("the organisation does not tell them apart: %v", err)
	}
	if p := g.Post(third.Begin.Place()); p.Of() != "Cerulia" {
		t.Errorf("%+v", p)
	}
	d := must(none.PostDraft("aurelia", Post{Org: "a", Name: "b", Level: 1}, "", nil))
	d.Facts = Post{Org: "a", Name: "b", Level: 1, Whose: "aurelia"}
	if judge(w.entry("aurelia", d), nil) == nil {
		t.Error("a post says that it is of its author's party")
	}
}

// SPEC: MSG-042 MSG-049
func TestOnlyItsPartySaysThatItEnded(t *testing.T) {
	w := &world{t: t}
	a := w.item("aurelia")
	post := a(none.PostDraft("aurelia", Post{Org: "presidency", Name: "President", Level: 1}, "", nil))
	g := Build([]*record.Item{post})
	if _, err := EndDraft("borealia", &g.Posts[0].Origin, statement.When{}, "", ""); err == nil {
		t.Error("the other party ended a post")
	}
	d := must(EndDraft("aurelia", &g.Posts[0].Origin, statement.When{}, "", ""))
	if judge(w.entry("borealia", d), post.Begin) == nil {
		t.Error("valid: the other party ended a post")
	}
	d.Kind = "event.ended"
	if judge(w.entry("aurelia", d), post.Begin) == nil {
		t.Error("valid: a post that ended as an event")
	}
	h := must(HolderDraft("borealia", g.Posts[0], Holder{Name: "J. Doe"}, ""))
	held := w.entry("borealia", h)
	post.Entries = append(post.Entries, held)
	g = Build([]*record.Item{post})
	if _, err := HolderEndDraft("aurelia", g.Posts[0], "J. Doe", statement.When{}, ""); err == nil {
		t.Error("a party ended what the other stated of a holder")
	}
	e := w.entry("borealia", must(HolderEndDraft("borealia", g.Posts[0], "J. Doe", statement.When{}, "")))
	if judge(e, post.Begin) != nil {
		t.Error("not valid: they end their own word of a holder")
	}
	e.Re[1].Party = "aurelia"
	if judge(e, post.Begin) == nil {
		t.Error("valid: a holder of the other party")
	}
}

// TestPostsThatReplaceEachOtherByPlaceEnd: a peer may name a place of its log that is yet to come, with any leaf.
//
// SPEC: MSG-047
func TestPostsThatReplaceEachOtherByPlaceEnd(t *testing.T) {
	w := &world{t: t}
	post := func(re record.Ref) *record.Item {
		d, err := none.PostDraft("borealia", Post{Org: "ministry", Name: "Minister", Level: 1}, "", nil)
		d.Re = []record.Ref{re}
		return w.item("borealia")(d, err)
	}
	log := record.LogID{Party: "borealia", Number: 1, Run: "aaaaaa"}
	first := post(record.Ref{Place: record.Place{LogID: log, Index: 1}, Leaf: wire.Sum(nil)})
	second := post(first.Begin.Ref())
	done := make(chan []*Post, 1)
	go func() { done <- Build([]*record.Item{first, second}).Posts }()
	select {
	case posts := <-done:
		if len(posts) != 1 || posts[0].Entry != second.Begin {
			t.Errorf("%d posts stand", len(posts))
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it goes round in a circle")
	}
}
