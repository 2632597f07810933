// SPDX-License-Identifier: Apache-2.0

package call

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

var (
	typist = Person{Desk: "left", Part: Holder, Speaks: true, By: statement.Author{Known: statement.Unattributed, Desk: "left"}}
	reader = Person{Source: 2, Desk: "right", Part: Listener}
)

func typed(t *testing.T, values ...string) (*Texts, *Typed) {
	t.Helper()
	x := &Texts{}
	x.Begin(theID)
	for _, v := range values {
		if _, err := x.Type(typist, v, false, epoch); err != nil {
			t.Fatal(err)
		}
	}
	return x, x.last(true, 0)
}

func TestWhatIsErasedStandsInItsPlace(t *testing.T) {
	// SPEC: CAL-030
	for _, c := range []struct {
		values []string
		parts  []string
	}{
		{[]string{"H", "He", "Hel"}, []string{"Hel"}},
		{[]string{"Helo", "Hel", "Hell", "Hello"}, []string{"Hel", "o", "lo"}},
		{[]string{"two ships", "three ships"}, []string{"t", "wo", "hree ships"}},
		{[]string{"abc", "ab", "a", ""}, []string{"", "abc"}},
		{[]string{"abc", "axc", "ayc"}, []string{"a", "bx", "yc"}},
		{[]string{"ab", "xab"}, []string{"xab"}},
	} {
		_, l := typed(t, c.values...)
		if !slices.Equal(l.Parts, c.parts) {
			t.Errorf("%q: %q, not %q", c.values, l.Parts, c.parts)
		}
	}
}

// A line that is too long is refused whole, and stands as it was.
func TestALineThatIsTooLongIsRefused(t *testing.T) {
	// SPEC: CAL-030
	x, l := typed(t, "we hold fire")
	for _, long := range []string{strings.Repeat("a", MaxLine+1), strings.Repeat("é", MaxLine/2+1)} {
		for _, done := range []bool{false, true} {
			if line, err := x.Type(typist, long, done, epoch); err != ErrLongLine || line != nil {
				t.Errorf("%d bytes, finished %t: %v", len(long), done, err)
			}
		}
	}
	if line, _ := l.Said(); line != "we hold fire" || l.State != Typing {
		t.Errorf("%q, %d", line, l.State)
	}
	if _, err := x.Type(typist, strings.Repeat("é", MaxLine/2), true, epoch); err != nil {
		t.Error(err)
	}
}

// Whatever is typed, what stands is what the field holds, and every packet of it can be read.
func TestEveryLineThatIsTypedCanBeRead(t *testing.T) {
	// SPEC: CAL-030
	err := quick.Check(func(values []string) bool {
		x, last := &Texts{}, ""
		x.Begin(theID)
		for _, v := range values {
			_, _ = x.Type(typist, v, false, epoch)
			last = seen(v)
			for _, p := range x.Due() {
				got, err := DecodeLetters(p.Encode())
				if err != nil || !reflect.DeepEqual(got, p) {
					t.Logf("%+v %+v %v", p, got, err)
					return false
				}
			}
			if l := x.last(true, 0); l != nil {
				stands := ""
				for i := 0; i < len(l.Parts); i += 2 {
					stands += l.Parts[i]
				}
				if stands != last {
					t.Logf("%q is not %q", stands, last)
					return false
				}
			}
		}
		return true
	}, nil)
	if err != nil {
		t.Error(err)
	}
	x := &Texts{} // and where far more is erased than a line holds, the newest stays, and that there was more
	x.Begin(theID)
	for range 50 {
		_, _ = x.Type(typist, "not this at all", false, epoch)
		_, _ = x.Type(typist, "", false, epoch)
	}
	if l := x.last(true, 0); !l.Cut || erased(l.Parts) > MaxLine || erased(l.Parts) < MaxLine-16 {
		t.Errorf("%+v", l.Letters)
	}
}

func TestLineIsTextAsStatementsHaveIt(t *testing.T) {
	// SPEC: CAL-030
	_, l := typed(t, "a\u202eb\x00c\u200bd\xff\ne<b>")
	if l.Parts[0] != "abcde<b>" {
		t.Errorf("%q", l.Parts)
	}
	good := Letters{Call: theID, Line: 1, Version: 1, Parts: []string{"abc"}}
	for name, p := range map[string]Letters{
		"direction":      {Parts: []string{"a\u202eb"}},
		"not UTF-8":      {Parts: []string{"a\xff"}},
		"control":        {Parts: []string{"a\x1bb"}},
		"too long":       {Parts: []string{strings.Repeat("x", MaxLine+1)}},
		"too much gone":  {Parts: []string{"", strings.Repeat("x", 200), "a", strings.Repeat("x", 41)}},
		"an empty part":  {Parts: []string{"a", "", "b"}},
		"too many parts": {Parts: slices.Repeat([]string{"a"}, maxParts+1)},
		"line 0":         {Line: -1},
		"a fifth source": {Source: 4},
		"a full answer":  {State: LettersGot, Parts: []string{"a"}},
	} {
		p.Call, p.Version = theID, 1
		p.Line++
		if _, err := DecodeLetters(p.Encode()); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	if _, err := DecodeLetters(good.Encode()); err != nil {
		t.Error(err)
	}
}

func TestLettersOfTheOtherEnd(t *testing.T) {
	// SPEC: CAL-031
	x, them := &Texts{}, []Person{typist, reader}
	x.Begin(theID)
	now := epoch
	take := func(p Letters) (string, bool) {
		p.Call = theID
		_, ok := x.Got(p, them, now)
		if l := x.last(false, p.Source); l != nil {
			s, _ := l.Said()
			return s, ok
		}
		return "", ok
	}
	for _, c := range []struct {
		p    Letters
		says string
		ok   bool
	}{
		{Letters{Line: 1, Version: 2, Parts: []string{"ab"}}, "ab", true},
		{Letters{Line: 1, Version: 1, Parts: []string{"a"}}, "ab", true}, // overtaken: answered, not shown
		{Letters{Line: 1, Version: 3, State: Finished, Parts: []string{"abc"}}, "abc", true},
		{Letters{Line: 1, Version: 4, Parts: []string{"abcd"}}, "abc", true}, // finished is finished
		{Letters{Line: 2, Version: 1, Parts: []string{"d"}}, "d", true},
		{Letters{Source: 1, Line: 1, Version: 1, Parts: []string{"x"}}, "", false}, // nobody there
		{Letters{Source: 2, Line: 1, Version: 1, Parts: []string{"x"}}, "", false}, // a listener
	} {
		if says, ok := take(c.p); says != c.says || ok != c.ok {
			t.Errorf("%+v: %q %v", c.p, says, ok)
		}
	}
	if _, ok := x.Got(Letters{Call: ID{7}, Line: 1, Version: 1}, them, now); ok {
		t.Error("letters of another call were taken")
	}
	now = now.Add(2 * time.Second)
	taken := 0
	for i := range 3 * lettersASec { // a peer that floods: the rest is not answered, and comes again
		if _, ok := take(Letters{Line: 2, Version: i + 2}); ok {
			taken++
		}
	}
	if taken != lettersASec {
		t.Errorf("%d packets were taken in one second", taken)
	}
	for i := range 2 * maxLines {
		now = now.Add(time.Second)
		take(Letters{Line: i%maxLines + 1, Source: 0, Version: 1, State: Finished, Parts: []string{"x"}})
	}
	if n := x.count(false); n > maxLines {
		t.Errorf("%d lines are kept", n)
	}
}

func TestLineIsBrokenOffWithItsCall(t *testing.T) {
	// SPEC: CAL-032 CAL-033
	x, _ := typed(t, "we see", "we see two")
	if off := x.Break([]Person{typist}, nil, epoch); len(off) != 0 {
		t.Fatal("one who is in the call was broken off")
	}
	if _, ok := x.Got(Letters{Call: theID, Line: 1, Version: 1, Parts: []string{"sì"}}, []Person{typist}, epoch); !ok {
		t.Fatal("not taken")
	}
	off := x.Break(nil, nil, epoch)
	if len(off) != 1 || off[0].State != Broken || x.last(false, 0).State != Broken {
		t.Fatalf("%+v", x.lines)
	}
	d, ok := off[0].Draft("aurelia", "service", "actual")
	f, _ := d.Facts.(Written)
	if !ok || !f.Broken || d.Text.Words["line"] != "we see two" {
		t.Errorf("%+v %+v", d, f)
	}
	if due := x.Due(); len(due) != 1 || due[0].State != Broken {
		t.Errorf("the other end is told %+v", due)
	}
	if l, _ := x.Type(typist, "   ", true, epoch); l == nil {
		t.Fatal("no line")
	} else if _, ok := l.Draft("aurelia", "service", "actual"); ok {
		t.Error("blanks are stated")
	}
	if _, err := x.Type(reader, "x", false, epoch); err == nil {
		t.Error("a listener types")
	}
}

func TestLinesOfACallDecideNothingOfIt(t *testing.T) {
	// SPEC: CAL-033
	line := func(log string, i, n int, says string, mark string) *record.Entry {
		l := Typed{By: statement.Author{Known: statement.Unattributed}, Since: epoch.Add(time.Duration(n) * time.Second)}
		l.Call, l.Line, l.Parts = theID, n, []string{says, "no"}
		d, _ := l.Draft("aurelia", "test", mark)
		e, err := statement.Trial(log, d)
		if err != nil {
			t.Fatal(err)
		}
		e.Index, e.Time = i, epoch
		return e
	}
	es := []*record.Entry{line("borealia", 1, 2, "second", "actual"), line("aurelia", 1, 1, "first", "actual"), entry("aurelia", 0, KindPlaced, "test", placed()), entry("borealia", 0, KindRang, "test", rang())}
	for _, e := range es {
		if err := validate(e); err != nil {
			t.Fatal(err)
		}
	}
	es[2].Mark, es[3].Mark = "exercise", "exercise"
	without, s := fold(es[2:]...), fold(es...)
	if len(s.Lines) != 2 || s.Lines[0].Says != "first" || s.Lines[1].Says != "second" || s.Lines[0].Erased[0] != "no" {
		t.Fatalf("%+v", s.Lines)
	}
	if s.Lines = nil; !reflect.DeepEqual(s, without) {
		t.Errorf("%+v\n%+v", s, without)
	}
	for name, f := range map[string]Written{
		"no number": {Opener: "aurelia", Call: theID.String(), At: epoch, By: statement.Author{Known: statement.Unattributed}},
		"source 4":  {Opener: "aurelia", Call: theID.String(), At: epoch, By: statement.Author{Known: statement.Unattributed}, Line: 1, Source: 4},
		"no time":   {Opener: "aurelia", Call: theID.String(), By: statement.Author{Known: statement.Unattributed}, Line: 1},
	} {
		if validate(entry("aurelia", 0, KindLine, "test", f)) == nil {
			t.Errorf("%s is valid", name)
		}
	}
}

func FuzzLetters(f *testing.F) {
	f.Add(Letters{Call: theID, Line: 1, Version: 1, Parts: []string{"two ", "shpis", "ships"}}.Encode())
	f.Add(Letters{Call: theID, Line: 400, Version: 65535, Source: 3, State: LettersGot}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := DecodeLetters(b)
		if err != nil {
			return
		}
		if again := p.Encode(); !bytes.Equal(again, b) || len(b) > MaxSignal {
			t.Fatalf("%x\n%x", b, again)
		}
		x := &Texts{}
		x.Begin(p.Call)
		x.Got(p, []Person{typist, reader}, epoch)
		x.Answered(p)
		x.Break(nil, nil, epoch)
	})
}

// A line whose letters come late stands under the name of who began it, not of who has his source by then: in a hand-over, of
// one who left and was followed by another, and of one who left.
//
// SPEC: CAL-031
func TestLateLettersAreOfWhoTypedThem(t *testing.T) {
	w := newWorld(5)
	a, b := w.ends[0], w.ends[1]
	by := func(desk string) statement.Author { return statement.Author{Known: statement.Unattributed, Desk: desk} }
	for _, e := range w.ends {
		e.desks = [3][]string{{e.name[:1] + "1", e.name[:1] + "2", e.name[:1] + "3"}}
		e.tellDesks(e.desks)
		e.step(line(true))
		e.step(peerRun("r1"))
	}
	do := func(ev does) {
		t.Helper()
		a.step(ev)
		w.run(w.now + time.Second)
	}
	join := func(desk string) does {
		return func(m *Machine, now time.Time) Out { return m.Join(by(desk), "", false, now) }
	}
	do(ring(by("a1"), "", "", ""))
	b.step(answer(by("b1"), ""))
	w.run(w.now + time.Second)
	x, y := &Texts{}, &Texts{}
	x.Begin(a.m.Live().ID)
	y.Begin(a.m.Live().ID)
	types := func(desk string) {
		t.Helper()
		in := a.m.Live().Side[0].People
		if _, err := x.Type(in[at(in, desk)], desk, true, w.time()); err != nil {
			t.Fatal(err)
		}
	}
	types("a1")
	do(join("a2"))
	types("a2")
	a.step(func(m *Machine, now time.Time) Out { return m.HandOver(by("a1"), "a2", now) })
	types("a1") // the other end has not seen yet who has the call
	w.run(w.now + time.Second)
	types("a2")
	do(join("a1"))
	types("a1")
	do(hangUp(by("a1"), ""))
	do(join("a3"))
	types("a3")
	do(hangUp(by("a3"), ""))
	late := x.Due()
	slices.Reverse(late)
	for _, p := range late {
		if _, ok := y.Got(p, b.m.Live().Side[1].Ever(), w.time()); !ok {
			t.Errorf("%q of source %d was not taken", p.Parts, p.Source)
		}
	}
	for _, l := range y.Lines() {
		if said, _ := l.Said(); l.By.Desk != said {
			t.Errorf("%s typed it, and it stands under %s", said, l.By.Desk)
		}
	}
	if len(y.Lines()) != 6 {
		t.Errorf("%d lines", len(y.Lines()))
	}
}
