// SPDX-License-Identifier: Apache-2.0

package call

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// full is one signal of each kind with every field that it may bear, at its limit.
func full(k SignalKind) Signal {
	r := signals[k-1]
	x := func(n int) string { return strings.Repeat(`"`, n) } // a quote takes two bytes on the wire
	s := Signal{Kind: r.kind, ID: theID, Seq: 7}
	for _, name := range slices.Concat(r.must, r.may) {
		switch name {
		case "desk":
			s.Desk = x(maxName)
		case "officer":
			s.Officer = x(maxPlace)
		case "class":
			s.Class = "service"
		case "mark":
			s.Mark = "exercise"
		case "codec":
			s.Codec = "pcmu"
		case "priority":
			s.Priority = x(maxName)
		case "reason":
			s.Reason = x(maxReason)
		case "stand_by_until":
			s.StandBy = epoch
		case "seconds":
			s.Seconds = 60
		case "desks":
			for i := range maxDesks {
				s.Desks = append(s.Desks, fmt.Sprintf("%02d", i)+strings.Repeat("x", maxName-2))
			}
		case "stands":
			s.What = Failed
		case "cause":
			s.Cause = CausePolicy
		case "of":
			s.Of = SigStill
		case "became":
			s.Became = ID{9}
		case "version":
			s.Version = 65535
		case "people":
			for i := range maxPeople {
				s.People = append(s.People, Person{Source: i, Desk: fmt.Sprint(i) + x(maxName-1), Officer: x(maxPlace), Part: Principal, Speaks: true})
			}
			s.People[0].Part = Holder
		case "held":
			s.Held = maxPeople
		case "waiting":
			s.Waiting = Principal
		}
	}
	return s
}

// SPEC: CAL-001 CAL-002
func TestCodec(t *testing.T) {
	var b strings.Builder
	b.WriteString("| byte | signal | members (must, *may*) | repeated | answered by | longest |\n|---|---|---|---|---|---|\n")
	for i, r := range signals {
		if int(r.kind) != i+1 {
			t.Fatal(r)
		}
		s := full(r.kind)
		p, err := s.Encode()
		if err != nil || len(p) > MaxSignal {
			t.Fatal(r.name, len(p), err)
		}
		got, err := Decode(p)
		if err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("%v\n%+v\n%+v", err, got, s)
		}
		for cut := range p { // every shorter one is refused
			if _, err := Decode(p[:cut]); err == nil {
				t.Errorf("%s cut at %d", r.name, cut)
			}
		}
		f := slices.Clone(r.must)
		for _, name := range r.may {
			f = append(f, "*"+name+"*")
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %d |\n", i+1, r.name, strings.Join(f, ", "), map[bool]string{true: "until answered", false: "no"}[r.repeated], r.by, len(p))
	}
	golden(t, "signals", b.String())
}

// A line of many desks rings them all, and its signal names 32 of them, whatever they are called. SPEC: CAL-001
func TestAsManyDesksAsALineHasAreNamed(t *testing.T) {
	for _, letter := range []string{"x", `"`, `\`, "ü"} {
		var desks []string
		for i := range 40 {
			desks = append(desks, fmt.Sprintf("%02d", i)+strings.Repeat(letter, (maxName-2)/len(letter)))
		}
		got := merge(nil, desks)
		p, err := Signal{Kind: SigRinging, Desks: got}.Encode()
		if err != nil || len(p) > MaxSignal || len(got) < 16 || letter == "x" && len(got) != 32 {
			t.Errorf("%s: %d desks in %d bytes, %v", letter, len(got), len(p), err)
		}
		if s, err := Decode(p); err != nil || len(s.Desks) != len(got) {
			t.Error(letter, err)
		}
		if again := merge(got, desks); len(again) != len(got) && letter == "x" {
			t.Error("a second merge names", len(again))
		}
	}
}

// SPEC: CAL-002
func TestASignalHasOneForm(t *testing.T) {
	ring := Signal{Kind: SigRing, ID: theID, Seq: 1, Desk: "a1", Class: "test", Mark: "actual"}
	ok, _ := ring.Encode()
	with := func(member string) []byte { return append(bytes.Clone(ok[:len(ok)-1]), ","+member+"}"...) }
	if _, err := Decode(with(`"priority":"x"`)); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"empty": {}, "short": ok[:head-1], "another letter": append([]byte{'x'}, ok[1:]...),
		"kind 0": append([]byte{'c', 0}, ok[2:]...), "kind 99": append([]byte{'c', 99}, ok[2:]...),
		"none of its members": append(bytes.Clone(ok[:head]), "{}"...), "no object": ok[:head], "a member missing": bytes.Replace(ok, []byte(`"class":"test",`), nil, 1),
		"a member twice": with(`"mark":"actual"`), "out of order": with(`"officer":"x"`), "unknown member": with(`"colour":"x"`), "in capitals": with(`"Priority":"x"`),
		"not of this kind": with(`"reason":"x"`), "cut": ok[:len(ok)-1], "a byte more": append(bytes.Clone(ok), ' '), "blanks": with(` "priority":"x"`), "null": with(`"priority":null`),
		"another spelling": with(`"priority":"\u0078"`), "another type": with(`"priority":7`), "empty text": with(`"priority":""`), "control": with(`"priority":"\u0007"`),
		"not UTF-8": with("\"priority\":\"\xff\""), "direction": with("\"priority\":\"\u202e\""), "long": with(`"priority":"` + strings.Repeat("x", maxName+1) + `"`),
		"too long": with(`"priority":"` + strings.Repeat("x", MaxSignal) + `"`),
	} {
		if _, err := Decode(b); !errors.Is(err, ErrSignal) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, s := range []Signal{{Kind: 0}, {Kind: SigRing}, {Kind: SigDecline, Reason: strings.Repeat("x", 300)}, {Kind: SigDecline, StandBy: time.Unix(0, 0)},
		{Kind: SigAck, Of: SigAck, What: Talking}, {Kind: SigAck, Of: SigRing, What: "nonsense"},
		{Kind: SigHangUp, What: NoSound}, {Kind: SigCancel, What: Cancelled, Seconds: -1}, {Kind: SigCancel, What: Cancelled, Seconds: 1 << 16}, {Kind: SigRinging, Desks: slices.Repeat([]string{"d"}, maxDesks+1)}} {
		if _, err := s.Encode(); !errors.Is(err, ErrSignal) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, r := range signals {
		b, _ := full(r.kind).Encode()
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Decode(b)
		if err != nil {
			return
		}
		again, err := s.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x\n%x %v", b, again, err)
		}
		for _, first := range []bool{true, false} { // and no machine minds it, in any state
			for _, ev := range [][]does{nil, {ring(statement.Author{Desk: "d"}, "", "", "")}, {got(ringOf(theID))}, {got(ringOf(theID)), answer(statement.Author{Desk: "d"}, "")}} {
				m := machine("a", "b", first)
				for _, e := range append([]does{line(true), armed("d")}, ev...) {
					e(m, epoch)
				}
				s.ID = theID
				m.Got(s, epoch)
				if l := m.Live(); l.Out {
					s.ID = l.ID
					m.Got(s, epoch)
				}
				m.Tick(epoch.Add(time.Hour))
			}
		}
	})
}

func ringOf(id ID) Signal {
	return Signal{Kind: SigRing, ID: id, Seq: 1, Desk: "x", Class: "test", Mark: "actual"}
}

func FuzzValidate(f *testing.F) {
	f.Add(KindPlaced, entry("aurelia", 0, KindPlaced, "test", placed()).Facts())
	f.Add(KindRang, entry("borealia", 0, KindRang, "test", rang()).Facts())
	f.Add(KindSilent, entry("borealia", 0, KindSilent, "test", Word{Opener: "aurelia", Call: theID.String(), At: epoch}).Facts())
	f.Add(KindClosed, entry("borealia", 0, KindClosed, "test", closed(Outcome{What: Declined, Reason: "no"})).Facts())
	f.Fuzz(func(t *testing.T, kind string, b []byte) {
		e := record.NewEntry(entry("aurelia", 0, kind, "test", struct{}{}).Head, nil, b, nil)
		if validate(e) == nil {
			s := fold(e)
			Orphan(s, "aurelia", epoch)
		}
	})
}
