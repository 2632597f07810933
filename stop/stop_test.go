// SPDX-License-Identifier: Apache-2.0

package stop

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// SPEC: MSG-034
func TestClocksOfAStopEndWithIt(t *testing.T) {
	w := &world{t: t}
	d, err := Draft(record.Draft{}, Said{ID: theID, By: statement.Author{Known: "unattributed", Desk: "page-1"}})
	sent := w.must("aurelia", t0)(d, err)
	s := Fold(item(sent), nowhere)
	if cs := Due(s, true, t0.Add(6*time.Second)); len(cs) != 1 || cs[0].Step != Held || !cs[0].Overdue || len(Due(s, false, t0)) != 0 {
		t.Errorf("held: %+v", cs)
	}
	held(sent, t0.Add(time.Second))
	s = Fold(item(sent), nowhere)
	for _, side := range []bool{true, false} {
		cs := Due(s, side, t0.Add(62*time.Second))
		if len(cs) != 3 || cs[0].Overdue || !cs[1].Overdue || cs[1].Due != t0.Add(61*time.Second) || cs[2].Overdue || cs[2].Due != t0.Add(301*time.Second) {
			t.Errorf("clocks: %+v", cs)
		}
	}
	taken := w.must("borealia", t0.Add(90*time.Second))(StepDraft(s, statement.Actor{Party: "borealia", Author: statement.Author{Known: "unattributed"}}, "take", "", "", ""))
	effect := w.must("borealia", t0.Add(100*time.Second))(StepDraft(s, atB, "in-effect", "", "", ""))
	s = Fold(item(sent, taken, effect), nowhere)
	if cs := Due(s, true, t0.Add(time.Hour)); !cs[1].Late || !cs[2].Done || cs[2].Late || s.Status != InEffect {
		t.Errorf("%s %+v", s.Status, cs)
	}
	lift := w.must("aurelia", t0.Add(200*time.Second))(StepDraft(s, atA, "lift", "not-understood", "", ""))
	s = Fold(item(sent, lift), past{{sent, lift}: true})
	if cs := Due(s, true, t0.Add(time.Hour)); len(cs) != 1 || s.Open {
		t.Errorf("clocks run on after the lift: %+v", cs)
	}
	d.Class = "test"
	test := held(w.must("aurelia", t0)(d, nil), t0)
	if cs := Due(Fold(item(test), nowhere), false, t0.Add(time.Hour)); len(cs) != 1 || !cs[0].Done {
		t.Errorf("a test waits for a person: %+v", cs)
	}
}

// A receiver that dates its receipt ahead stops no clock. SPEC: MSG-024 MSG-034
func TestReceiptDatedAheadStopsNoClock(t *testing.T) {
	w := &world{t: t}
	d, err := Draft(record.Draft{}, Said{ID: theID, By: statement.Author{Known: "unattributed", Desk: "page-1"}})
	sent := held(w.must("aurelia", t0)(d, err), t0.Add(24*time.Hour))
	if cs := Due(Fold(item(sent), nowhere), true, t0.Add(6*time.Minute)); len(cs) != 3 || !cs[1].Overdue || !cs[2].Overdue {
		t.Errorf("of a STOP: %+v", cs)
	}
}

// SPEC: MSG-030, MSG-036
func TestStopIsNeverRefusedForWhatItSays(t *testing.T) {
	d, err := Draft(record.Draft{Class: "?", Mark: "?"}, Said{ID: theID, Reason: "  fire on\u202e the\n bridge " + strings.Repeat("è", 100), Lang: "italiano", Place: "54-12n 18-24e", By: amaro})
	f := d.Facts.(Said)
	if err != nil || len(f.Reason) > maxReason || !strings.HasPrefix(f.Reason, "fire on the bridge è") || f.Lang != "en" || f.Place != "54-12N 18-24E" || d.Class != "substantive" || d.Mark != "actual" {
		t.Errorf("%+v %v", d, err)
	}
	if d, _ := Draft(record.Draft{}, Said{ID: theID, Reason: "People in danger", By: amaro}); d.Facts.(Said).Reason != "people-in-danger" {
		t.Error("a coded reason in words is its code")
	}
	if id, err := NewID(bytes.NewReader(make([]byte, 16))); err != nil || id != strings.Repeat("0", 32) {
		t.Errorf("%q %v", id, err)
	}
	s := State{From: "aurelia", ID: theID, Open: true}
	for what, c := range map[string]struct {
		a            statement.Actor
		step, reason string
	}{"only the party": {atB, "lift", ""}, "is ours": {atA, "take", ""}, "its reason": {atB, "refuse", ""}, "lifting a STOP needs its reason": {atA, "lift", ""}, "no step": {atB, "ignore", ""}} {
		_, err := StepDraft(s, c.a, c.step, c.reason, "", "")
		refused(t, what, err)
	}
	s.Steps = map[string][]Step{Taken: {{Copy: true}}} // said over the session alone: it is still to be stated
	if _, err = StepDraft(s, atB, "take", "", "", ""); err != nil {
		t.Error(err)
	}
	s.Steps[Taken] = append(s.Steps[Taken], Step{})
	_, err = StepDraft(s, atB, "take", "", "", "")
	refused(t, "is taken", err)
	s.Open = false
	_, err = StepDraft(s, atB, "take", "", "", "")
	refused(t, "is lifted", err)
}

// SPEC: MSG-030, MSG-031
func TestRecordRefusesWhatIsNotValid(t *testing.T) {
	w := &world{t: t}
	usual := Said{ID: theID, Scope: Everywhere, Reason: UsualReason, By: amaro}
	for why, c := range map[string]struct {
		party, kind string
		facts       any
	}{
		"32 lower":     {"aurelia", "sent", func() any { f := usual; f.ID = "AB"; return f }()},
		"scope":        {"aurelia", "sent", func() any { f := usual; f.Scope = "north"; return f }()},
		"reason is mi": {"aurelia", "sent", func() any { f := usual; f.Reason = ""; return f }()},
		"language":     {"aurelia", "sent", func() any { f := usual; f.Reason = "own words"; return f }()},
		"place":        {"aurelia", "sent", func() any { f := usual; f.Place = "a\u200fb"; return f }()},
		"only the":     {"borealia", "lifted", Said{Party: "aurelia", ID: theID, By: bruni}},
		"only th":      {"aurelia", "taken", Said{Party: "aurelia", ID: theID, By: amaro}},
		"reason is m":  {"borealia", "refused", Said{Party: "aurelia", ID: theID, By: bruni}},
		"its party is": {"aurelia", "sent", func() any { f := usual; f.Party = "borealia"; return f }()},
		"whose STOP":   {"borealia", "taken", Said{ID: theID, By: bruni}},
		"only stop.se": {"borealia", "taken", Said{Party: "aurelia", ID: theID, Place: "here", By: bruni}},
		"to whom":      {"borealia", "relayed", Said{Party: "aurelia", ID: theID, By: bruni}},
	} {
		e := w.entry(c.party, record.Draft{Kind: "stop." + c.kind, Class: "substantive", Mark: "actual", Facts: c.facts}, t0)
		if err := validate(e, nil); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("want %q, got %v", why, err)
		}
	}
}

func fullCopy() Copy {
	return Copy{Step: Refused, Party: "abcdefghijklmnop", ID: theID, Time: t0, Reason: strings.Repeat(`"`, maxReason), // a quote takes two bytes on the wire
		Place: strings.Repeat(`"`, maxPlace), Class: "test", Mark: "exercise", By: strings.Repeat(`"`, maxName)}
}

// SPEC: MSG-035
func TestCopyHasOneSpelling(t *testing.T) {
	d, err := Draft(record.Draft{}, Said{ID: theID, Place: "54.2n 18.4e", By: amaro})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Copy{fullCopy(), State{}.Copy(d, "aurelia", "Lt Amaro", t0)} {
		b, err := c.Marshal()
		if err != nil || len(b) > MaxCopy {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		got, err := ParseCopy(b)
		if err != nil || got != c {
			t.Errorf("%+v became %+v, %v", c, got, err)
		}
		for i := range b {
			if _, err := ParseCopy(b[:i]); err == nil {
				t.Errorf("cut at %d is taken", i)
			}
		}
		if _, err := ParseCopy(append(b, 0)); err == nil {
			t.Error("a byte more is taken")
		}
	}
	for i, change := range []func(*Copy){
		func(c *Copy) { c.Step = "ignored" }, func(c *Copy) { c.Step = "" }, func(c *Copy) { c.ID = "00" }, func(c *Copy) { c.Party = "X" },
		func(c *Copy) { c.Reason = "" }, func(c *Copy) { c.Reason = "a\nb" }, func(c *Copy) { c.Class = "x" }, func(c *Copy) { c.Mark = "" },
		func(c *Copy) { c.Time = time.Time{} }, func(c *Copy) { c.Place += "p" }, func(c *Copy) { c.By = "a\u202eb" },
	} {
		c := fullCopy()
		if change(&c); c == fullCopy() {
			t.Fatal("nothing was changed")
		}
		if _, err := c.Marshal(); err == nil {
			t.Errorf("change %d is written", i)
		}
	}
	s := Heard([]Copy{{Step: Sent, Party: "aurelia", ID: theID, Time: t0, Reason: UsualReason, Class: "substantive", Mark: "actual"},
		{Step: Taken, Party: "aurelia", ID: theID, Time: t0, Class: "substantive", Mark: "actual"}})
	if s.Status != Taken || !s.Open || s.From != "aurelia" || s.Line("it") != "Pericolo, seguono dettagli" {
		t.Errorf("%+v", s)
	}
}

// SPEC: MSG-037
func TestCopyCountsWhileNoStatementIsHere(t *testing.T) {
	w := &world{t: t}
	sent := held(w.must("aurelia", t0)(Draft(record.Draft{}, Said{ID: theID, By: amaro})), t0)
	base := Copy{Party: "aurelia", ID: theID, Class: "substantive", Mark: "actual"}
	copies := func(steps ...string) (cs []Copy) {
		for i, step := range steps {
			c := base
			c.Step, c.Time, c.Reason, c.By = step, t0.Add(time.Duration(i)*time.Second), "not-our-forces", "Cpt Bruni"
			cs = append(cs, c)
		}
		return cs
	}
	recorded := Fold(item(sent), nowhere)
	s := recorded.With(copies(Sent, Taken, Refused))
	if s.Status != Refused || len(s.Steps[Sent]) != 1 || s.Steps[Sent][0].Copy || !s.Steps[Taken][0].Copy || s.Steps[Taken][0].Who != "Cpt Bruni" || !s.Open || len(recorded.Steps[Taken]) != 0 {
		t.Errorf("%+v", s)
	}
	for _, c := range Due(s, true, t0.Add(time.Hour)) {
		if c.Overdue {
			t.Errorf("a step that the session said is awaited: %+v", c)
		}
	}
	if s := recorded.With(copies(Sent, Lifted)); s.Open || s.Status != Lifted {
		t.Errorf("lifted over the session: %+v", s)
	}
	other := copies(Taken)
	other[0].ID = strings.Repeat("f", 32)
	if s := recorded.With(other); len(s.Steps[Taken]) != 0 {
		t.Error("another STOP's copy counts")
	}
	if cs := Due(Heard(copies(Sent)), false, t0.Add(61*time.Second)); len(cs) != 2 || !cs[0].Overdue || cs[1].Overdue {
		t.Errorf("the clocks of a STOP that is only heard: %+v", cs)
	}
}

// FuzzStopCopy: what is read is written back byte for byte.
func FuzzStopCopy(f *testing.F) {
	b, _ := fullCopy().Marshal()
	f.Add(b)
	d, _ := Draft(record.Draft{}, Said{ID: theID, By: amaro})
	b, _ = State{}.Copy(d, "aurelia", "", t0).Marshal()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseCopy(b)
		if err != nil {
			return
		}
		if again, err := c.Marshal(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x became %x, %v", b, again, err)
		}
	})
}
