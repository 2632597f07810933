// SPDX-License-Identifier: Apache-2.0

package message

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/hint"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/stop"
	"example.org/parley/wire"
)

// refused wants an hint.Error that says both what and the way out.
func refused(t *testing.T, what string, err error) {
	t.Helper()
	var ae *hint.Error
	if !errors.As(err, &ae) || !strings.Contains(ae.What, what) || ae.Hint == "" {
		t.Errorf("want a refusal with %q and a hint, got %#v", what, err)
	}
}

// SPEC: MSG-010, MSG-011, MSG-015
func TestDraftsRefuse(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("word ", 201))
	for what, n := range map[string]typed{
		"200 words at most":      {Precedence: "FLASH", Text: long, By: amaro},
		"at most 4096 fit":       {Precedence: "IMMEDIATE", Text: strings.Repeat("Щ", 2100), By: amaro},
		"at most 65536 fit":      {Text: strings.Repeat("w ", 33000), By: amaro},
		"cannot be written":      {Text: "a\xffb", By: amaro},
		"there is nothing":       {By: amaro},
		"no phrase":              {Phrase: "ATTACK", By: amaro},
		"colour is not a field":  {Phrase: "NOT_OURS", Fields: map[string]string{"object": "drone", "place": "54N 18E", "colour": "red"}, By: amaro},
		"place is missing":       {Phrase: "NOT_OURS", Fields: map[string]string{"object": "drone"}, By: amaro},
		"place is not a place":   {Phrase: "NOT_OURS", Fields: map[string]string{"object": "drone", "place": "the bridge"}, By: amaro},
		"no filled field":        {Phrase: "NOT_OURS", Fields: map[string]string{"object": "drone", "place": "54N 18E"}, ReadBack: []string{"height"}, By: amaro},
		"is of kind answer":      {Kind: "warning", Phrase: "NOT_OURS", Fields: map[string]string{"object": "drone", "place": "54N 18E"}, By: amaro},
		"no kind of message":     {Kind: "order", Text: "x", By: amaro},
		"no class":               {Class: "secret", Text: "x", By: amaro},
		"no mark":                {Mark: "drill", Text: "x", By: amaro},
		"precedence":             {Precedence: "URGENT", Text: "x", By: amaro},
		"has passed":             {Text: "x", NotAfter: t0.Add(-time.Hour), By: amaro},
		"one line":               {Text: "two\nlines", By: statement.Author{Known: "unattributed"}},
		"without anybody":        {Phrase: "RING_US", Fields: map[string]string{"within": "5 min"}, By: statement.Author{Known: "unattributed"}},
		"fields without":         {Text: "x", By: amaro, ReadBack: nil, Fields: nil, Info: []string{"the ministry"}},
		"language":               {Text: "x", Lang: "English", By: amaro},
		"read-back without":      {Text: "x", ReadBack: []string{"place"}, By: amaro},
		"an officer, or unattri": {Text: "x", By: statement.Author{Known: "account"}},
	} {
		_, err := n.draft("aurelia", t0)
		if what == "fields without" {
			what = "addressee"
		}
		refused(t, what, err)
	}
	d, err := question().draft("aurelia", t0)
	f := d.Facts.(Facts)
	if err != nil || d.Kind != "message.question" || d.Class != "substantive" || d.Mark != "actual" || f.Precedence != "FLASH" || f.Fields["place"] != "54.20N 18.40E" {
		t.Errorf("%+v %v", d, err)
	}
	if _, err := (typed{Text: "Wer ist da?", Lang: "de", By: statement.Author{Known: "unattributed", Desk: "page-1"}}).draft("aurelia", t0); err != nil {
		t.Errorf("a desk may send one line unattributed: %v", err)
	}
	if _, err := (typed{Precedence: "FLASH", Text: strings.TrimSpace(strings.Repeat("слово ", 200)), Lang: "ru", By: amaro}).draft("aurelia", t0); err != nil {
		t.Errorf("200 Russian words: %v", err)
	}
}

// SPEC: MSG-001, MSG-002, MSG-003, MSG-005, MSG-010
func TestRecordRefusesWhatIsNotValid(t *testing.T) {
	w := &world{t: t}
	begin := w.must("aurelia", t0)(question().draft("aurelia", t0))
	s := Fold(item(begin), nowhere)
	msg := func(change func(*record.Draft, *Facts)) record.Draft {
		d, _ := question().draft("aurelia", t0)
		f := d.Facts.(Facts)
		f.Fields = map[string]string{"object": "drone", "place": "54.20N 18.40E", "heading": "045"}
		change(&d, &f)
		if d.Facts != nil {
			d.Facts = f
		}
		return d
	}
	step := func(kind string, facts any) record.Draft {
		return record.Draft{Kind: "message." + kind, Class: s.Class, Mark: s.Mark, Re: []record.Ref{s.Ref}, Facts: facts}
	}
	good := map[string]string{"place": "54.20N 18.40E", "heading": "045"}
	for _, c := range []struct {
		why   string
		party string
		d     record.Draft
	}{
		{"facts are missing", "aurelia", msg(func(d *record.Draft, f *Facts) { d.Facts = nil })},
		{"precedence", "aurelia", msg(func(d *record.Draft, f *Facts) { f.Precedence = "flash" })},
		{"no phrase", "aurelia", msg(func(d *record.Draft, f *Facts) { f.Phrase = "X" })},
		{"is question, not warning", "aurelia", msg(func(d *record.Draft, f *Facts) { d.Kind = "message.warning" })},
		{"canonical", "aurelia", msg(func(d *record.Draft, f *Facts) { f.Fields["place"] = "54.2N 18.4E" })},
		{"is not a field", "aurelia", msg(func(d *record.Draft, f *Facts) { f.Fields["x"] = "1" })},
		{"or twice", "aurelia", msg(func(d *record.Draft, f *Facts) { f.ReadBack = []string{"place", "place"} })},
		{"neither a phrase", "aurelia", msg(func(d *record.Draft, f *Facts) { f.Phrase, f.Fields, f.ReadBack = "", nil, nil })},
		{"fields without", "aurelia", msg(func(d *record.Draft, f *Facts) { f.Phrase = "" })},
		{"officer", "aurelia", msg(func(d *record.Draft, f *Facts) { f.By.Officer = "A1-14" })},
		{"how its author", "aurelia", msg(func(d *record.Draft, f *Facts) { f.By.Known = "trust me" })},
		{"direction character", "aurelia", msg(func(d *record.Draft, f *Facts) { f.By.Desk = "a\u202eb" })},
		{"addressee", "aurelia", msg(func(d *record.Draft, f *Facts) { f.To = "minister" })},
		{"not_after", "aurelia", msg(func(d *record.Draft, f *Facts) { f.NotAfter = t0.Add(time.Millisecond) })},
		{"over 200", "aurelia", msg(func(d *record.Draft, f *Facts) {
			d.Text = &record.Text{Lang: "en", Text: strings.Repeat("w ", 201)}
		})},
		{"over 4096", "aurelia", msg(func(d *record.Draft, f *Facts) { d.Text = &record.Text{Lang: "en", Text: strings.Repeat("w", 4000)} })},
		{"names nothing", "borealia", record.Draft{Kind: "message.shown", Facts: StepFacts{By: bruni}}},
		{"only the receiving", "aurelia", step(Shown, StepFacts{By: amaro})},
		{"needs a person", "borealia", step(Shown, StepFacts{By: statement.Author{Known: "unattributed"}})},
		{"class and mark", "borealia", func() record.Draft { d := step(Shown, StepFacts{By: bruni}); d.Class = "test"; return d }()},
		{"how it was read", "borealia", step(Acknowledged, StepFacts{Read: "yes", By: bruni})},
		{"differs: place, heading", "borealia", step(Acknowledged, StepFacts{Read: "original", By: bruni})},
		{"differs: heading", "borealia", step(Acknowledged, StepFacts{Read: "original", ReadBack: map[string]string{"place": good["place"], "heading": "54"}, By: bruni})},
		{"differs: object", "borealia", step(Acknowledged, StepFacts{Read: "original", ReadBack: map[string]string{"place": good["place"], "heading": "045", "object": "drone"}, By: bruni})},
		{"nothing is read back", "borealia", step(Acknowledged, StepFacts{Read: Linguist, ReadBack: good, By: bruni})},
		{"translator", "borealia", step(Acknowledged, StepFacts{Read: "original", Translator: bruni.Officer, ReadBack: good, By: bruni})},
		{"response", "borealia", step(Responded, StepFacts{How: "maybe", By: bruni})},
		{"standby has", "borealia", step(Responded, StepFacts{How: Standby, By: bruni})},
		{"standby has", "borealia", step(Responded, StepFacts{How: "will-comply", Until: t0, By: bruni})},
		{"only an acknowledgement", "borealia", step(Shown, StepFacts{Read: "original", By: bruni})},
		{"only a response", "borealia", step(Complied, StepFacts{How: "not-ours", By: bruni})},
		{"only a relay", "borealia", step(Shown, StepFacts{To: bruni.Officer, By: bruni})},
		{"to:", "borealia", step(Relayed, StepFacts{To: "brigade", By: bruni})},
	} {
		e := w.entry(c.party, c.d, t0)
		about := begin
		if IsMessage(c.d.Kind) {
			about = nil
		}
		if err := validate(e, about); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: want %q, got %v", c.d.Kind, c.why, err)
		}
		if !IsMessage(c.d.Kind) && steps(Fold(item(begin, e), nowhere)) != 0 {
			t.Errorf("%s (%s) folds", c.d.Kind, c.why)
		}
	}
	e := w.entry("aurelia", msg(func(*record.Draft, *Facts) {}), t0)
	if validate(record.NewEntry(e.Head, nil, bytes.Replace(e.Facts(), []byte(`"by"`), []byte(`"BY"`), 1), nil), nil) == nil {
		t.Error("facts with a name in another case stand")
	}
	e = record.NewEntry(e.Head, nil, nil, nil)
	e.WantFacts = true
	if err := validate(e, nil); err != nil {
		t.Errorf("facts that are not here yet were judged: %v", err)
	}
	if validate(w.must("borealia", t0)(ShownDraft(s, atB)), e) != nil {
		t.Error("a step about a message whose facts are not here was judged")
	}
}

// SPEC: MSG-020, MSG-021, MSG-026
func TestStepDraftsRefuseWhatTheOtherEndWould(t *testing.T) {
	w := &world{t: t}
	begin := held(w.must("aurelia", t0)(question().draft("aurelia", t0)), t0)
	s := Fold(item(begin), nowhere)
	ack := func(a statement.Actor, read string, typed map[string]string) error {
		_, err := AckDraft(s, a, read, "", typed)
		return err
	}
	refused(t, "is ours", ack(atA, "original", nil))
	refused(t, "needs a person", ack(statement.Actor{Party: "borealia", Author: statement.Author{Known: "unattributed"}}, "original", nil))
	refused(t, "read-back of place is missing", ack(atB, "original", nil))
	refused(t, "differs in heading", ack(atB, "original", map[string]string{"place": "54-12N 18-24E", "heading": "046"}))
	refused(t, "object is not asked", ack(atB, "original", map[string]string{"place": "54-12N 18-24E", "heading": "045", "object": "drone"}))
	refused(t, "how it was read", ack(atB, "somehow", nil))
	refused(t, "nothing is read back", ack(atB, Linguist, map[string]string{"place": "x"}))
	var ae *hint.Error
	if err := ack(atB, "original", map[string]string{"place": "1N 1E", "heading": "1"}); !errors.As(err, &ae) || strings.Contains(ae.What+ae.Hint, "54") {
		t.Errorf("a wrong read-back is told the right value: %v", err)
	}
	_, err := RespondDraft(s, atB, "will-comply", time.Time{}, nil, t0)
	refused(t, "not acknowledged", err)
	good := w.must("borealia", t0)(AckDraft(s, atB, "original", "", map[string]string{"place": " 54.2n 18.4e", "heading": "45"}))
	if err := validate(good, begin); err != nil {
		t.Errorf("%v", err)
	}
	s = Fold(item(begin, good), nowhere)
	_, err = RespondDraft(s, atB, Standby, time.Time{}, nil, t0)
	refused(t, "standby needs", err)
	_, err = RespondDraft(s, atB, "refused", time.Time{}, nil, t0)
	refused(t, "no response", err)
	_, err = RespondDraft(s, atB, "not-ours", t0.Add(time.Hour), nil, t0)
	refused(t, "only standby", err)
	_, err = RelayDraft(s, atB, "brigade", "")
	refused(t, "not a place", err)
	if d, err := RespondDraft(s, atB, Complied, time.Time{}, nil, t0); err != nil || d.Kind != "message.complied" {
		t.Errorf("%v %v", d, err)
	}
	goes := func(e *record.Entry) bool { k, _ := statement.Find(Kinds, e.Kind); return k.Goes(e) }
	if !goes(begin) || !goes(good) || goes(w.must("aurelia", t0)(typed{Text: "x", By: amaro}.draft("aurelia", t0))) {
		t.Error("what is urgent")
	}
	for _, g := range Fold(item(begin, good), nowhere).Ladder() {
		if want := g.Name != Responded && g.Name != Complied && g.Name != Shown; g.At.IsZero() == want {
			t.Errorf("rung %+v", g)
		}
	}
}

// SPEC: MSG-024, MSG-025
func TestClocksRunByPrecedence(t *testing.T) {
	at := func(s string) time.Time { d, _ := time.ParseDuration(s); return t0.Add(d) }
	find := func(cs []statement.Clock, step string) statement.Clock {
		for _, c := range cs {
			if c.Step == step {
				return c
			}
		}
		return statement.Clock{}
	}
	table := map[string][]string{ // held, shown, acknowledged, responded: the table of the rulings
		"FLASH": {"15s", "30s", "2m", "5m"}, "IMMEDIATE": {"1m", "2m", "10m", "20m"},
		"PRIORITY": {"2m", "10m", "30m", "1h"}, "ROUTINE": {"10m", "1h", "4h", "8h"},
	}
	for precedence, row := range table {
		w := &world{t: t}
		n := question()
		n.Precedence = precedence
		begin := w.must("aurelia", t0)(n.draft("aurelia", t0))
		s := Fold(item(begin), nowhere)
		if cs := Due(s, true, nil, at(row[0])); len(cs) != 1 || cs[0].Step != Held || cs[0].Due != at(row[0]) || cs[0].Overdue {
			t.Errorf("%s: held: %+v", precedence, cs)
		}
		if cs := Due(s, true, nil, at(row[0]).Add(1)); !cs[0].Overdue {
			t.Errorf("%s: held is not overdue", precedence)
		}
		if len(Due(s, false, nil, at("99h"))) != 0 {
			t.Errorf("%s: a clock runs at a receiver without a receipt", precedence)
		}
		s = Fold(item(held(begin, at("1h"))), nowhere)
		for _, side := range []bool{true, false} {
			cs := Due(s, side, nil, at("1h"))
			for i, step := range []string{Shown, Acknowledged, Responded} {
				d, _ := time.ParseDuration(row[i+1])
				if c := find(cs, step); c.Due != at("1h").Add(d) || c.Overdue || c.Done {
					t.Errorf("%s %s: %+v", precedence, step, c)
				}
			}
			if c := find(cs, Held); !c.Done || !c.Late {
				t.Errorf("%s is not overdue on arrival: %+v", precedence, c)
			}
		}
	}
	w := &world{t: t}
	begin := held(w.must("aurelia", t0)(question().draft("aurelia", t0)), t0)
	s := Fold(item(begin), nowhere)
	read := map[string]string{"place": "54.20N 18.40E", "heading": "045"}
	wait := w.must("borealia", at("1m"))(AckDraft(s, atB, Linguist, "", nil))
	s = Fold(item(begin, wait), nowhere)
	if c := find(Due(s, false, nil, at("10m")), Linguist); c.Due != at("11m") || c.Done || c.Overdue || find(Due(s, true, nil, at("10m")), Acknowledged).Step != "" {
		t.Errorf("awaiting linguist: %+v", c)
	}
	for when, late := range map[string]bool{"90s": false, "10m": false, "12m": true} {
		ack := w.must("borealia", at(when))(AckDraft(s, atB, "translation", "", read))
		st := Fold(item(begin, wait, ack), nowhere)
		if c := find(Due(st, true, nil, at("20m")), Acknowledged); !c.Done || c.Late != late || st.Awaiting != nil || st.Understood.Translator != bruni.Officer {
			t.Errorf("understood at %s: %+v", when, c)
		}
	}
	ack := w.must("borealia", at("90s"))(AckDraft(s, atB, "original", "", read))
	s = Fold(item(begin, ack), nowhere)
	if c := find(Due(s, true, nil, at("2h")), Shown); !c.Done || c.Overdue {
		t.Errorf("acknowledged at 90 s without ever having been stated shown: shown is %+v", c)
	}
	if find(Due(Fold(item(begin, wait), nowhere), true, nil, at("2h")), Shown).Overdue {
		t.Error("who awaits the linguist has seen it")
	}
	stand := w.must("borealia", at("3m"))(RespondDraft(s, atB, Standby, at("1h"), nil, at("3m")))
	s = Fold(item(begin, ack, stand), nowhere)
	if c := find(Due(s, true, nil, at("2h")), Standby); !c.Overdue || c.Due != at("1h") || find(Due(s, true, nil, at("2h")), Responded).Late {
		t.Errorf("standby: %+v", c)
	}
	n := question()
	n.Precedence, n.NotAfter = "ROUTINE", at("1h")
	s = Fold(item(held(w.must("aurelia", t0)(n.draft("aurelia", t0)), t0)), nowhere)
	if s.Expired(at("1h")) || !s.Expired(at("61m")) {
		t.Error("not-after")
	}
	routine := w.must("borealia", at("1m"))(AckDraft(s, atB, Linguist, "", nil))
	s = Fold(item(s.Begin, routine), nowhere)
	if c := find(Due(s, false, nil, at("5h")), Acknowledged); !c.Overdue {
		t.Errorf("awaiting the linguist hides a ROUTINE: %+v", c)
	}
}

// A receiver that dates its receipt ahead stops no clock. SPEC: MSG-024
func TestReceiptDatedAheadStopsNoClock(t *testing.T) {
	m := State{Whole: true, Facts: Facts{Precedence: "FLASH"}, Recorded: Step{At: t0}, Held: &Step{At: t0.Add(24 * time.Hour)}}
	if cs := Due(m, true, nil, t0.Add(6*time.Minute)); len(cs) < 3 || !cs[1].Overdue || !cs[2].Overdue {
		t.Errorf("of a message: %+v", cs)
	}
}

// FuzzFacts: whatever bytes stand as facts, judging and folding neither fails nor depends on anything else.
func FuzzFacts(f *testing.F) {
	w := &world{t: &testing.T{}}
	d, _ := question().draft("aurelia", t0)
	begin := w.entry("aurelia", d, t0)
	f.Add("message.question", begin.Facts())
	for _, facts := range []any{StepFacts{Read: "original", By: bruni}, StepFacts{How: "standby", Until: t0, By: bruni}, stop.Said{ID: theID, Scope: stop.Everywhere, Reason: stop.UsualReason, By: bruni}, stop.Said{Party: "aurelia", ID: theID, Reason: stop.UsualReason, By: bruni}} {
		b, _ := wire.EncodeBody(facts, [32]byte{})
		f.Add("message.acknowledged", b)
		f.Add("stop.sent", b)
		f.Add("stop.refused", b)
	}
	f.Fuzz(func(t *testing.T, kind string, facts []byte) {
		e := record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: "borealia"}}, Kind: kind, Class: "substantive", Mark: "actual", Re: []record.Ref{begin.Ref()}}, nil, facts, nil)
		for _, k := range slices.Concat(Kinds, stop.Kinds) {
			if k.Name == kind {
				_ = k.Validate(e, begin)
				Due(Fold(item(begin, e), nowhere), false, nil, t0)
				stop.Due(stop.Fold(item(e), nowhere), false, t0)
			}
		}
	})
}
