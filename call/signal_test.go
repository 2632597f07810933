// SPDX-License-Identifier: Apache-2.0

package call

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"reflect"
	"strings"
	"testing"
	"time"

	"example.org/parley/statement"
)

// full is one signal of each kind with every field that it may bear, at its limit.
func full(r Row) Signal {
	x := func(n int) string { return strings.Repeat("x", n) }
	s := Signal{Kind: r.Kind, ID: theID, Seq: 7}
	for _, tag := range append(append([]byte{}, r.Must...), r.May...) {
		switch tag {
		case tagDesk:
			s.Desk = x(maxName)
		case tagOfficer:
			s.Officer = x(maxPlace)
		case tagClass:
			s.Class = "service"
		case tagMark:
			s.Mark = "exercise"
		case tagCodec:
			s.Codec = "pcmu"
		case tagPriority:
			s.Priority = x(maxName)
		case tagReason:
			s.Reason = x(maxReason)
		case tagStandBy:
			s.StandBy = epoch
		case tagSeconds:
			s.Seconds = 60
		case tagDesks:
			for i := range maxDesks {
				s.Desks = append(s.Desks, fmt.Sprint(i)+x(maxName-1))
			}
		case tagWhat:
			s.What = Failed
		case tagCause:
			s.Cause = CausePolicy
		case tagOf:
			s.Of = SigStill
		case tagBecame:
			s.Became = ID{9}
		}
	}
	return s
}

// SPEC: CAL-001 CAL-002
func TestCodec(t *testing.T) {
	var b strings.Builder
	b.WriteString("| byte | signal | fields (must, *may*) | repeated | answered by | longest |\n|---|---|---|---|---|---|\n")
	names := map[byte]string{tagDesk: "desk", tagOfficer: "officer", tagClass: "class", tagMark: "mark", tagCodec: "codec", tagPriority: "priority",
		tagReason: "reason", tagStandBy: "stand by", tagSeconds: "seconds", tagDesks: "desks", tagWhat: "how it stands", tagCause: "cause", tagOf: "of", tagBecame: "became"}
	for i, r := range Signals {
		if int(r.Kind) != i+1 {
			t.Fatal(r)
		}
		s := full(r)
		p, err := s.Encode()
		if err != nil || len(p) > MaxSignal {
			t.Fatal(r.Name, len(p), err)
		}
		got, err := Decode(p)
		if err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("%v\n%+v\n%+v", err, got, s)
		}
		for cut := range p { // every shorter one is refused, or lacks only what may be lacking
			if short, err := Decode(p[:cut]); err == nil && len(short.Kind.String()) == 0 {
				t.Errorf("%s cut at %d", r.Name, cut)
			}
		}
		var f []string
		for _, tag := range r.Must {
			f = append(f, names[tag])
		}
		for _, tag := range r.May {
			f = append(f, "*"+names[tag]+"*")
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %d |\n", i+1, r.Name, strings.Join(f, ", "), map[bool]string{true: "until answered", false: "no"}[r.Repeated], r.By, len(p))
	}
	golden(t, "signals", b.String())
}

// SPEC: CAL-002
func TestStrict(t *testing.T) {
	ring := Signal{Kind: SigRing, ID: theID, Seq: 1, Desk: "a1", Class: "test", Mark: "actual"}
	ok, _ := ring.Encode()
	with := func(tail ...byte) []byte { return append(bytes.Clone(ok), tail...) }
	for name, b := range map[string][]byte{
		"empty": {}, "short": ok[:head-1], "another letter": append([]byte{'x'}, ok[1:]...),
		"kind 0": append([]byte{'c', 0}, ok[2:]...), "kind 99": append([]byte{'c', 99}, ok[2:]...),
		"a field missing": ok[:head], "a field twice": with(tagMark, 1, 1), "out of order": with(tagDesk, 1, 'x'),
		"unknown field": with(99, 1, 1), "not of this kind": with(tagReason, 1, 'x'), "cut": with(tagPriority, 9, 'x'),
		"empty text": with(tagPriority, 0), "control": with(tagPriority, 1, 7), "not UTF-8": with(tagPriority, 1, 0xff),
		"direction": with(append([]byte{tagPriority, 3}, "\u202e"...)...), "long": with(append([]byte{tagPriority, maxName + 1}, strings.Repeat("x", maxName+1)...)...),
		"over 512": with(make([]byte, 512)...),
	} {
		if _, err := Decode(b); !errors.Is(err, ErrSignal) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, s := range []Signal{{Kind: 0}, {Kind: SigRing}, {Kind: SigDecline, Reason: strings.Repeat("x", 300)}, {Kind: SigDecline, StandBy: time.Unix(0, 0)},
		{Kind: SigAck, Of: SigAck, What: Talking}, {Kind: SigAck, Of: SigRing, What: "nonsense"}} {
		if _, err := s.Encode(); !errors.Is(err, ErrSignal) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, r := range Signals {
		b, _ := full(r).Encode()
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
			for _, ev := range [][]Event{nil, {Ring{By: statement.Author{Desk: "d"}}}, {Got{ringOf(theID)}}, {Got{ringOf(theID)}, Answer{By: statement.Author{Desk: "d"}}}} {
				m := New(Config{Us: "a", Them: "b", First: first, Rand: rand.New(rand.NewSource(1))}, epoch)
				for _, e := range append([]Event{Line{true}, Desks{Armed: []string{"d"}}}, ev...) {
					m.Step(e, epoch)
				}
				s.ID = theID
				m.Step(Got{s}, epoch)
				if l := m.Live(); l.Out {
					s.ID = l.ID
					m.Step(Got{s}, epoch)
				}
				m.Step(Tick{}, epoch.Add(time.Hour))
			}
		}
	})
}

func ringOf(id ID) Signal {
	return Signal{Kind: SigRing, ID: id, Seq: 1, Desk: "x", Class: "test", Mark: "actual"}
}

func FuzzValidate(f *testing.F) {
	f.Add(KindPlaced, entry("aurelia", 0, KindPlaced, "test", placed()).FactsB)
	f.Add(KindRang, entry("borealia", 0, KindRang, "test", rang()).FactsB)
	f.Add(KindClosed, entry("borealia", 0, KindClosed, "test", closed(Outcome{What: Declined, Reason: "no"})).FactsB)
	f.Fuzz(func(t *testing.T, kind string, b []byte) {
		e := entry("aurelia", 0, kind, "test", struct{}{})
		e.FactsB = b
		if validate(e) == nil {
			s := fold(e)
			Orphan(s, "aurelia", epoch)
		}
	})
}
