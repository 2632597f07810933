// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/claim"
	"example.org/parley/contact"
	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/service"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

// receipt makes the receipt of one party for an entry of w.a as it is changed here, and gives it to w.a.
func (w *world) receipt(e *record.Entry, change func(rc *record.Receipt)) {
	w.t.Helper()
	l := w.a.Log(e.Log.LogID)
	by := w.g.Parties[0].Party
	if by == e.Log.Party {
		by = w.g.Parties[1].Party
	}
	rc := &record.Receipt{Log: e.Log, Index: e.Index, Entry: e.Leaf, Bodies: "facts text", All: l.Size, Root: l.Root, Whole: l.Size,
		Sheet: 1, By: by, ByRun: "k7qx3m", Held: w.tick().Truncate(time.Second)}
	change(rc)
	note, err := wire.SignNote(rc.Encode(), by+"/sign", w.keys[by].Sign)
	w.must(err)
	w.receive(w.a, note)
}

// alone states a draft that nobody receipts.
func (w *world) alone(d record.Draft) *record.Entry {
	w.t.Helper()
	e, err := w.wa.Append(d, w.tick(), record.PeerClock{}, w.rand)
	w.must(err)
	return e
}

func wants(t *testing.T, rep Report, want string, words ...string) {
	t.Helper()
	if rep.Verdict != want {
		t.Errorf("want %s:\n%s", want, rep)
	}
	for _, s := range words {
		if !strings.Contains(rep.String(), s) {
			t.Errorf("%q is not said:\n%s", s, rep)
		}
	}
}

// A file cannot prove that it is complete, and the line below HOLDS says so.
//
// SPEC: REC-032
func TestVerifySaysFirstThatCompletenessIsNotChecked(t *testing.T) {
	w := newWorld(t)
	rep := judged(w.file(w.export()), Expected{Party: w.sheets[0].PartyHash()})
	if !strings.HasPrefix(rep.String(), "HOLDS\n  not checked: whether this is all") {
		t.Errorf("%s", rep)
	}
	x := w.export()
	for i := range x.Logs { // the end of each log is cut, with all that names it
		x.Logs[i].Entries, x.Logs[i].Receipts = x.Logs[i].Entries[:1], nil
	}
	wants(t, judged(w.file(x), Expected{}), Holds, "not checked: whether this is all")
}

// The sentences of the report are in the reader's language; what stands in the file is printed as it stands.
//
// SPEC: CLI-019
func TestVerifyReportsInTheReadersLanguage(t *testing.T) {
	w := newWorld(t)
	w.state(w.a, w.wa, officer("Lt Amaro"))
	rep := judged(w.file(w.export()), Expected{Lang: "it"})
	for _, s := range []string{"HOLDS\n  non verificato: se questo è tutto", "linea north", "2 dichiarazioni", "con ricevuta fino a 2"} {
		if !strings.Contains(rep.String(), s) {
			t.Errorf("%q is missing:\n%s", s, rep)
		}
	}
	if s := rep.say("%s twice", "è\x1b"); s != `\u00e8\u001b due volte` {
		t.Errorf("%s", s)
	}
}

// Words of ours within a sentence stay as they are written; of each sort of reason so many are told, the others counted.
//
// SPEC: REC-032
func TestReasonsAreBoundedAndOurWordsAreOurs(t *testing.T) {
	rep := Report{lang: "it"}
	if s := rep.say("%s twice", rep.say("%s twice", "è")); s != `\u00e8 due volte due volte` {
		t.Errorf("%s", s)
	}
	for _, s := range []own{rep.count(contact.Count{Both: 2}), rep.say("longest gap %s to %s", "a", "b")} {
		if got := rep.say("%s twice", s); got != s+" due volte" {
			t.Errorf("%s within a sentence: %s", s, got)
		}
	}
	w := newWorld(t)
	x := w.export()
	for n := range 3 * mostReasons {
		x.Logs = append(x.Logs, log{Name: fmt.Sprintf("aurelia/%d.k7qx3m", n+2)})
	}
	if rep := judged(w.file(x), Expected{}); rep.Verdict != CannotBeKnown || len(rep.Unknown) != mostReasons+1 || rep.Unknown[mostReasons] != fmt.Sprintf("and %d more", 2*mostReasons) {
		t.Errorf("%d reasons of %s", len(rep.Unknown), rep.Verdict)
	}
}

// A receipt of a date that cannot be is said, and how much of what holds means nothing stands below the verdict.
//
// SPEC: REC-032
func TestVerifySaysWhatHoldsAndMeansLittle(t *testing.T) {
	for year, said := range map[int]string{2000: "before it was written by its author's clock", 2099: "more than a day after the newest statement here", 2026: ""} {
		w := newWorld(t)
		e := w.alone(officer("Lt Amaro"))
		w.receipt(e, func(rc *record.Receipt) { rc.Held = rc.Held.AddDate(year-rc.Held.Year(), 0, 0) })
		rep := judged(w.file(w.export()), Expected{})
		wants(t, rep, Holds, said)
		if (said != "") != (len(rep.Notes) == 1) || strings.Contains(rep.String(), "count for nothing") {
			t.Errorf("%d:\n%s", year, rep)
		}
	}
	w := newWorld(t)
	l := w.a.Logs()[1]
	st := record.Statement{Head: record.Head{Log: &l.Name, Index: l.Size, Prev: l.Root, Time: w.tick().Add(-24 * time.Hour), Kind: "message.shown", Class: "substantive", Mark: "actual"}}
	note, err := wire.SignNote(st.Encode(), "borealia/sign", w.keys["borealia"].Sign)
	w.must(err)
	x := w.export()
	at := slices.IndexFunc(x.Logs, func(l log) bool { return strings.HasPrefix(l.Name, "borealia") })
	x.Logs[at].Entries = append(x.Logs[at].Entries, entry{Note: note})
	if rep := judged(w.file(x), Expected{}); !strings.HasPrefix(rep.String(), "HOLDS\n  1 of 3 statements are not valid and count for nothing\n") {
		t.Errorf("one that means nothing:\n%s", rep)
	}
}

// A later sheet that a statement names may end a key: where both have taken it, a file without it cannot be known.
//
// SPEC: REC-031
func TestVerifyMissesASheetThatIsNamed(t *testing.T) {
	w := newWorld(t)
	next := *w.newest("aurelia")
	next.Before, next.Issue = next.Hash, 2
	w.must(next.SignSheet(w.keys["aurelia"].Party))
	by := statement.Author{Officer: w.state(w.a, w.wa, officer("Lt Amaro")).Place().String(), Known: "account"}
	d, err := service.IssueDraft("aurelia", &next, false, by, "")
	w.must(err)
	issued := w.state(w.a, w.wa, d)
	wants(t, judged(w.file(w.export()), Expected{}), Holds, "it may end a key")
	by.Officer = w.state(w.b, w.wb, officer("Cpt Bruni")).Place().String()
	d, err = service.TakeDraft("borealia", service.FoldIssue(w.b.Item(w.b.ItemOf(issued))), by)
	w.must(err)
	w.state(w.b, w.wb, d)
	wants(t, judged(w.file(w.export()), Expected{}), CannotBeKnown, "which both have taken")
	w.sheets = append(w.sheets, &next)
	if rep := judged(w.file(w.export()), Expected{}); rep.Verdict != Holds || len(rep.Notes) != 0 {
		t.Errorf("with it:\n%s", rep)
	}
}

// The digits of a party are what people hold on paper.
//
// SPEC: REC-032
func TestVerifyExpectsDigits(t *testing.T) {
	w := newWorld(t)
	f := w.file(w.export())
	wants(t, judged(f, Expected{Digits: party.Digits(w.sheets[1].PartyHash())}), Holds, "132 bits of the party hash of "+w.sheets[1].Party)
	wants(t, judged(f, Expected{Digits: party.Digits(wire.Sum(nil))}), DoesNotHold)
}

// SPEC: REC-031
func TestVerifyMissesTheFirstLogOfEachParty(t *testing.T) {
	w := newWorld(t)
	x := w.export()
	x.Logs = nil
	wants(t, judged(w.file(x), Expected{}), CannotBeKnown, "aurelia", "borealia")
	x = w.export()
	x.Logs = x.Logs[:1]
	x.Logs[0].Entries, x.Logs[0].Receipts = x.Logs[0].Entries[:1], nil // nothing that is left names a log of borealia
	wants(t, judged(w.file(x), Expected{}), CannotBeKnown, "borealia")
	w.wa = w.run(w.a, "aurelia", "restart")
	w.alone(officer("Lt Amaro"))
	x = w.export()
	x.Logs = x.Logs[1:] // the second run names the first as seen
	wants(t, judged(w.file(x), Expected{}), CannotBeKnown, "aurelia/1.")
}

// A statement's re, or a receipt, is witness enough that a log was begun of which nothing is here.
//
// SPEC: REC-031
func TestVerifyMissesALogThatOneLineAloneNames(t *testing.T) {
	w := newWorld(t)
	l := w.a.Logs()[1]
	gone := record.LogName{LogID: record.LogID{Party: "aurelia", Number: 2, Run: "k7qx3m"}, Genesis: w.g.Hash}
	st := record.Statement{Head: record.Head{Log: &l.Name, Index: l.Size, Prev: l.Root, Time: w.tick(), Kind: "message.shown", Class: "service", Mark: "actual",
		Re: []record.Ref{{Place: record.Place{LogID: gone.LogID}, Leaf: wire.Sum([]byte("x"))}}}}
	note, err := wire.SignNote(st.Encode(), "borealia/sign", w.keys["borealia"].Sign)
	w.must(err)
	x := w.export()
	x.Logs[1].Entries = append(x.Logs[1].Entries, entry{Note: note})
	wants(t, judged(w.file(x), Expected{}), CannotBeKnown, gone.LogID.String()+": 1 entries are named, here are the first 0")
	rc := record.Receipt{Log: &gone, Entry: wire.Sum([]byte("x")), Bodies: "none", All: 1, Whole: 1, Root: wire.Sum([]byte("x")), Sheet: 1, By: "borealia", ByRun: l.Name.Run, Held: w.tick()}
	note, err = wire.SignNote(rc.Encode(), "borealia/sign", w.keys["borealia"].Sign)
	w.must(err)
	x = w.export()
	x.Logs = append([]log{x.Logs[0], {Name: gone.LogID.String(), Receipts: [][]byte{note}}}, x.Logs[1:]...)
	wants(t, judged(w.file(x), Expected{}), CannotBeKnown, gone.LogID.String()+": 1 entries are named, here are the first 0")
}

// A log number that is left out proves nothing, and is printed.
//
// SPEC: REC-032
func TestVerifyPrintsHolesInLogNumbers(t *testing.T) {
	w := newWorld(t)
	l := w.a.Logs()[0]
	name := record.LogName{LogID: record.LogID{Party: "aurelia", Number: 4, Run: "k7qx3m"}, Genesis: w.g.Hash}
	st := record.Statement{Head: record.Head{Log: &name, Prev: wire.Sum(nil), Time: w.tick(), Kind: "officer.added", Class: "service", Mark: "actual"},
		Station: "main", Why: "restart", Seen: []record.Seen{{LogID: l.Name.LogID, Size: l.Size, Root: l.Root}}}
	note, err := wire.SignNote(st.Encode(), "aurelia/sign", w.keys["aurelia"].Sign)
	w.must(err)
	_, err = w.a.Add(note, nil, nil)
	w.must(err)
	wants(t, judged(w.file(w.export()), Expected{}), Holds, "aurelia: no log 2-3 here, which proves nothing")
}

// What stands beside "receipted to" was there with its bodies, at the time of the earliest receipt that says so.
//
// SPEC: REC-018 REC-032
func TestVerifyCountsAsReceiptedWhatIsHeldWhole(t *testing.T) {
	w := newWorld(t)
	e := w.alone(officer("Lt Amaro"))
	w.receipt(e, func(rc *record.Receipt) { rc.Bodies, rc.Whole = "facts", 1 })
	rep := judged(w.file(w.export()), Expected{})
	wants(t, rep, Holds, "2 entries, receipted to 1", "2 without")
	first := w.now.Add(time.Second).Truncate(time.Second)
	w.receipt(e, func(*record.Receipt) {})
	w.now = w.now.Add(time.Hour)
	w.receipt(e, func(*record.Receipt) {})
	rep = judged(w.file(w.export()), Expected{})
	if rep.Logs[0].ReceiptedTo != 2 || !rep.Logs[0].ReceiptedAt.Equal(first) {
		t.Errorf("want 2 at %s:\n%s", first, rep)
	}
}

// SPEC: REC-017 REC-031
func TestVerifyRefusesReceiptsOfWhatIsNot(t *testing.T) {
	w := newWorld(t)
	d := officer("Lt Amaro")
	d.Text = nil
	e := w.alone(d)
	for name, c := range map[string]struct {
		want   string
		change func(rc *record.Receipt)
	}{
		"it names words that the entry does not have": {DoesNotHold, func(rc *record.Receipt) {}},
		"under a sheet that is not here":              {CannotBeKnown, func(rc *record.Receipt) { rc.Bodies, rc.Sheet = "facts", 999 }},
	} {
		x := *w
		x.a = record.New(w.o)
		for _, l := range w.a.Logs() {
			for _, e := range w.a.Entries(l.Name.LogID, 0) {
				_, err := x.a.Add(e.Pieces())
				w.must(err)
			}
		}
		x.receipt(e, c.change)
		if rep := judged(w.file(x.export()), Expected{}); rep.Verdict != c.want {
			t.Errorf("%s: want %s:\n%s", name, c.want, rep)
		}
	}
	text := "parley/v1 receipt\nlog " + e.Log.String() + "\nentry 1 " + e.Leaf.String() + "\nbodies facts\nall 2 " + w.a.Logs()[0].Root.String() +
		"\nwhole 2\nsheet 0\nby borealia/" + w.g.Hash.Name() + "/k7qx3m\nheld 2026-11-23T09:00:00Z\n"
	note, err := wire.SignNote([]byte(text), "borealia/sign", w.keys["borealia"].Sign)
	w.must(err)
	x := w.export()
	x.Logs[0].Receipts = append(x.Logs[0].Receipts, note)
	wants(t, judged(w.file(x), Expected{}), DoesNotHold)
}

// Nothing of the file reaches the terminal as it stands.
//
// SPEC: REC-030 REC-032
func TestVerifyPrintsNoEscapeSequences(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"\x1b[2J\x1b[HHOLDS", "aurelia/1.\u202eabc", "\u009b2J"} {
		x := w.export()
		x.Logs = append(x.Logs, log{Name: name, Entries: x.Logs[0].Entries})
		rep := judged(w.file(x), Expected{})
		wants(t, rep, DoesNotHold)
		for _, r := range rep.String() {
			if r != '\n' && (r < 0x20 || r > 0x7e) {
				t.Errorf("%q reaches the terminal: %q", r, rep.String())
				break
			}
		}
	}
}

// SPEC: REC-030
func TestVerifyRefusesEntriesOutOfOrder(t *testing.T) {
	w := newWorld(t)
	w.alone(officer("Lt Amaro"))
	x := w.export()
	es := x.Logs[0].Entries
	es[0], es[1] = es[1], es[0]
	wants(t, judged(w.file(x), Expected{}), DoesNotHold, "out of order")
}

// A key that was replaced before the genesis never spoke for the line.
//
// SPEC: REC-033
func TestVerifyRefusesAKeyReplacedBeforeTheGenesis(t *testing.T) {
	w := newParties(t)
	old := w.keys["aurelia"].Sign
	w.reissue("aurelia")
	w.found()
	w.alone(officer("Lt Amaro"))
	d := officer("Cdr Boreas")
	_, err := w.wb.Append(d, w.tick(), record.PeerClock{}, w.rand)
	w.must(err)
	x := w.export()
	n, err := wire.ParseNote(x.Logs[0].Entries[0].Note, wire.MaxNote)
	w.must(err)
	x.Logs[0].Entries[0].Note, err = wire.SignNote(n.Text, "aurelia/sign", old)
	w.must(err)
	wants(t, judged(w.file(x), Expected{}), DoesNotHold, "not signed by its party's key")
}

// What an ended key signed counts up to its end, and in the past of that.
//
// SPEC: REC-033 REC-036
func TestVerifyAppliesTheEndOfAKey(t *testing.T) {
	w := newWorld(t)
	first := w.alone(officer("Lt Amaro"))
	ended := w.keys["aurelia"].Sign
	end := func(past *record.Entry, more int) party.KeyEnd {
		return party.KeyEnd{Key: party.Public(ended), Log: past.Log.String(), Size: past.Index + 1 + more}
	}
	for name, c := range map[string]struct {
		want  string
		more  int
		after bool
		words string
	}{
		"nothing beyond its end":          {Holds, 0, false, "sheet 2 of aurelia ends a sign key past " + first.Log.LogID.String() + " 2"},
		"a statement beyond its end":      {Holds, 0, true, "beyond the end of its key: void, use of a stolen key"},
		"an end that the file lacks":      {CannotBeKnown, 9, false, "ends a sign key"},
		"an end beyond what comes after ": {Holds, 1, true, ""},
	} {
		x := *w
		x.a, x.keys = record.New(w.o), map[string]party.Keys{"aurelia": w.keys["aurelia"], "borealia": w.keys["borealia"]}
		for _, l := range w.a.Logs() {
			for _, e := range w.a.Entries(l.Name.LogID, 0) {
				_, err := x.a.Add(e.Pieces())
				w.must(err)
			}
		}
		if c.after {
			l := x.a.Logs()[0]
			st := record.Statement{Head: record.Head{Log: &l.Name, Index: l.Size, Prev: l.Root, Time: x.tick(), Kind: "officer.added", Class: "service", Mark: "actual"}}
			note, err := wire.SignNote(st.Encode(), "aurelia/sign", ended)
			w.must(err)
			_, err = x.a.Add(note, nil, nil)
			w.must(err)
		}
		x.reissue("aurelia", end(first, c.more))
		rep := judged(w.file(x.export()), Expected{})
		if rep.Verdict != c.want || !strings.Contains(rep.String(), c.words) {
			t.Errorf("%s: want %s, %q:\n%s", name, c.want, c.words, rep)
		}
	}
}

// Under a key of small order one signature fits every text.
//
// SPEC: REC-912
func TestVerifyRefusesKeysOfSmallOrder(t *testing.T) {
	w := newParties(t)
	weak := make([]byte, ed25519.PublicKeySize)
	weak[0] = 1
	s := *w.sheets[0]
	text := bytes.Replace(s.Text(), []byte(wire.KeyText(s.Sign)), []byte(wire.KeyText(weak)), 1)
	note, err := wire.SignNote(text, s.Party+"/party", w.keys[s.Party].Party)
	w.must(err)
	w.found()
	x := w.export()
	x.Sheets[0] = note
	wants(t, judged(w.file(x), Expected{}), DoesNotHold, "weak key")
}

// Who hands a file on and leaves an entry out has two texts of one place hidden behind it no less.
//
// SPEC: REC-031 REC-016
func TestAGapHidesNoEvidence(t *testing.T) {
	w := newWorld(t)
	for range 100 {
		w.alone(officer("Lt Amaro"))
	}
	x := w.export()
	i := slices.IndexFunc(x.Logs, func(l log) bool { return len(l.Entries) > 100 })
	l := &x.Logs[i]
	l.Entries = slices.Delete(l.Entries, 1, 2)
	rep := judged(w.file(x), Expected{})
	if wants(t, rep, CannotBeKnown); len(rep.Unknown) > 2 {
		t.Errorf("one gap is named %d times:\n%s", len(rep.Unknown), rep)
	}
	last := &l.Entries[len(l.Entries)-1]
	n, err := wire.ParseNote(last.Note, wire.MaxNote)
	w.must(err)
	second, err := wire.SignNote(bytes.Replace(n.Text, []byte("mark actual"), []byte("mark exercise"), 1), "aurelia/sign", w.keys["aurelia"].Sign)
	w.must(err)
	l.Entries = append(l.Entries, entry{Note: second})
	wants(t, judged(w.file(x), Expected{}), DoesNotHold, "two texts")
}

// The cost of receipts over a fork grows as their number does, whatever times they name.
//
// SPEC: REC-034
func TestVerifyCostOfAForkIsLinear(t *testing.T) {
	cost := func(n int, at func(i int) time.Duration) float64 {
		w := newWorld(t)
		e := w.alone(officer("Lt Amaro"))
		n0, err := wire.ParseNote(e.Note(), wire.MaxNote)
		w.must(err)
		second, err := wire.SignNote(bytes.Replace(n0.Text, []byte("mark actual"), []byte("mark exercise"), 1), "aurelia/sign", w.keys["aurelia"].Sign)
		w.must(err)
		x := w.export()
		l := &x.Logs[0]
		l.Entries = append(l.Entries, entry{Note: second})
		leaf := wire.Leaf(second[:bytes.Index(second, []byte("\n\n"))+1])
		for i := range n {
			for _, f := range []wire.Hash{e.Leaf, leaf} {
				rc := record.Receipt{Log: e.Log, Index: e.Index, Entry: f, Bodies: "facts", All: 1, Root: w.a.Logs()[0].Root,
					Sheet: 1, By: "borealia", ByRun: "k7qx3m", Held: w.now.Add(at(i)).Truncate(time.Second)}
				root, _ := w.a.Log(e.Log.LogID).RootAt(1)
				rc.Root = root
				note, err := wire.SignNote(rc.Encode(), "borealia/sign", w.keys["borealia"].Sign)
				w.must(err)
				l.Receipts = append(l.Receipts, note)
			}
		}
		f := w.file(x)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		wants(t, judged(f, Expected{}), DoesNotHold, "two texts")
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc - before.TotalAlloc)
	}
	for name, at := range map[string]func(i int) time.Duration{
		"later and later":     func(i int) time.Duration { return time.Duration(i) * time.Second },
		"earlier and earlier": func(i int) time.Duration { return -time.Duration(i) * time.Second },
	} {
		few, many := cost(200, at), cost(800, at)
		if many > 6*few {
			t.Errorf("%s: four times the receipts cost %.1f times as much: %s", name, many/few, fmt.Sprintf("%.0f, %.0f", few, many))
		}
	}
}

// The name of an office cannot be read as a line of the report: it stands between quotation marks that it cannot end.
//
// SPEC: REC-032
func TestVerifyQuotesTheNamesOfOffices(t *testing.T) {
	rep := Report{Claim: &ClaimReport{By: "aurelia", Other: "borealia", posts: map[string]string{"a": `Clerk": HOLDS: last contact`, "b": "פקיד"}}}
	said := ""
	rep.pair(func(f string, a ...any) { said += string(rep.say(f, a...)) }, own(Holds), claim.Spoken{Ours: "a", Theirs: "b"})
	if want := `  "Clerk\": HOLDS: last contact" with "\u05e4\u05e7\u05d9\u05d3": HOLDS: no contact, on this record, as of T`; said != want {
		t.Errorf("%s\nwant\n%s", said, want)
	}
}
