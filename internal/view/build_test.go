// SPDX-License-Identifier: Apache-2.0

package view

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/contact"
	"example.org/parley/internal/alarm"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
	"example.org/parley/stop"
	"example.org/parley/wire"
	"example.org/parley/words"
)

var update = flag.Bool("update", false, "write the golden files anew")

var now = time.Date(2026, 11, 24, 14, 2, 31, 0, time.UTC)

func at(clock string) time.Time {
	t, err := time.Parse("15:04:05", clock)
	if err != nil {
		panic(err)
	}
	return time.Date(2026, 11, 24, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// ids names entries by their party's letter, log and place.
type ids struct{}

func (ids) Short(e *record.Entry) string { return ids{}.ShortPlace(e.Place()) }
func (ids) ShortPlace(p record.Place) string {
	return strings.ToUpper(p.Party[:1]) + "7-" + string(rune('0'+p.Index/10)) + string(rune('0'+p.Index%10))
}

func entry(party, kind string, index int, t time.Time) *record.Entry {
	h := record.Head{Log: &record.LogName{LogID: record.LogID{Party: party, Number: 7, Run: "k7m2qx"}}, Index: index, Kind: kind, Class: "substantive", Mark: "actual", Time: t}
	note := fmt.Appendf((&record.Statement{Head: h}).Encode(), "\n— %s/sign %s\n", party, base64.StdEncoding.EncodeToString(make([]byte, 68)))
	return record.NewEntry(h, note, nil, nil)
}

// saying gives an entry words.
func saying(e *record.Entry, text string) *record.Entry {
	b, err := wire.EncodeBody(record.Text{Lang: "en", Text: text}, [32]byte{})
	if err != nil {
		panic(err)
	}
	return record.NewEntry(e.Head, e.Note(), nil, b)
}

// world is a line in the middle of things, as aurelia's node hands it in.
func world() Input {
	officer := entry("aurelia", "officer.added", 2, at("08:00:00"))
	ours, theirs := entry("aurelia", "post.added", 3, at("08:01:00")), entry("aurelia", "post.added", 4, at("08:01:00"))
	reg := &register.Register{
		Officers: []*register.Officer{{Name: "Lt Amaro", Account: "amaro", Langs: []string{"en"}, Origin: register.Origin{Place: officer.Place(), Entry: officer, Party: "aurelia"}}},
		Posts: []*register.Post{
			{Org: "Ministry of Defence", Name: "Minister of Defence", Names: map[string]string{"it": "Ministro della Difesa"}, Level: 2, Origin: register.Origin{Place: ours.Place(), Entry: ours, Party: "aurelia"}, Counterparts: []record.Place{theirs.Place()}},
			{Org: "Ministry of Defence", Name: "Minister of Defence", Names: map[string]string{"it": "Ministro della Difesa"}, Level: 2, Whose: "borealia", Origin: register.Origin{Place: theirs.Place(), Entry: theirs, Party: "aurelia"}, Counterparts: []record.Place{ours.Place()}},
		},
	}
	by := statement.Author{Officer: officer.Place().String(), Known: "account + link", Desk: "page-1"}
	q := entry("borealia", "message.question", 42, at("14:02:00"))
	flash := message.State{Key: "borealia/7.k7m2qx/42", Begin: q, Ref: q.Ref(), From: "borealia", Kind: "question", Class: "substantive", Mark: "actual", Whole: true,
		Facts: message.Facts{Precedence: "FLASH", Phrase: "IS_THIS_YOURS", Fields: map[string]string{"object": "aircraft", "place": "54.20N 18.40E", "time": "241359Z NOV 26"}, ReadBack: []string{"place"}, Respond: true, By: statement.Author{Known: "unattributed", Desk: "pts/3"}}}
	flash.Recorded = message.Step{Name: message.Recorded, Entry: q, At: at("14:02:00")}
	flash.Held = &message.Step{Name: message.Held, At: at("14:02:01")}
	o := saying(entry("aurelia", "message.information", 41, at("13:20:10")), "Two of our helicopters will land for fuel.")
	old := message.State{Key: "aurelia/7.k7m2qx/41", Begin: o, Ref: o.Ref(), From: "aurelia", Kind: "information", Class: "substantive", Mark: "exercise", Whole: true, HasText: true, Facts: message.Facts{Precedence: "PRIORITY", By: by}}
	old.Recorded = message.Step{Name: message.Recorded, Entry: o, At: at("13:20:10"), StepFacts: message.StepFacts{By: by}}
	sp := entry("borealia", "stop.sent", 43, at("14:02:20"))
	halt := stop.State{Key: "stop", From: "borealia", ID: "0123456789abcdef0123456789abcdef", Class: "substantive", Mark: "actual", Reason: stop.UsualReason, Status: "held", Open: true, Recorded: at("14:02:20"),
		Steps: map[string][]stop.Step{stop.Sent: {{Name: "sent", Entry: sp, At: at("14:02:20"), Said: stop.Said{By: statement.Author{Known: "unattributed", Desk: "pts/3"}}}}}, Held: &stop.Step{Name: "held", At: at("14:02:21")}}
	a11, _ := alarm.Find("A11")
	feb, _ := statement.ParseWhen("2026-02-18")
	made := &contact.Contact{Kind: "call", When: feb, Channel: "telephone", Basis: "own", Party: "aurelia", Mark: "exercise", Whose: contact.ByUs}
	return Input{Now: now, Line: "north", Us: "aurelia", Them: "borealia", Demo: true, IDs: ids{}, Register: reg,
		Desk:  Header{Desk: "page-1", Officer: "Lt Amaro", KnownHow: "account + link", Armed: true},
		Paths: []wire.PathState{{Label: "1", TheyHear: true, Since: at("14:01:51"), LastHeard: at("14:01:49")}, {Label: "2", WeHear: true, TheyHear: true, Since: at("08:00:00"), LastHeard: now, RTTms: 2.1}},
		WeSee: Presence{Known: true, Station: Layer{State: "answers"}, Armed: 1, Present: 1, Officers: []string{"Cpt Bruni"}}, TheySee: Presence{Known: true, Station: Layer{State: "answers"}, Armed: 1, Present: 1},
		Alarms:   []alarm.Alarm{{Condition: alarm.Condition{ID: "A11", Key: "1", Detail: alarm.Say("at.path", "1")}, Row: a11, Priority: "medium", Sound: "medium", State: alarm.Raised, Since: at("14:01:51")}},
		Live:     call.Live{State: call.RingingHere, ID: call.ID{1}, There: "page-1", ThereBy: "Cpt Bruni", Class: "substantive", Mark: "actual", Began: at("14:02:24")},
		Calls:    []call.State{{Opener: "aurelia", Call: "01", Mark: "exercise", Class: "test", Caller: call.End{Party: "aurelia", Began: entry("aurelia", "call.placed", 30, at("09:00:20"))}, Outcome: call.Outcome{What: call.Answered}, Began: at("09:00:20"), Answered: at("09:00:24"), Ended: at("09:01:05"), Voice: [2]call.Counts{{Lost: -1, GapMS: -1}, {Lost: 0, GapMS: 20}}}},
		Stops:    []stop.State{halt},
		Messages: []message.State{old, flash},
		Checks:   check.Summary{From: at("08:00:00"), Now: now, Days: 1, Tested: 1, Streak: 1, LastPassed: at("09:00:00"), Last: &check.State{Due: at("09:00:00"), Outcome: check.Passed}},
		Check:    Check{Due: at("09:00:00").AddDate(0, 0, 1), Parts: []check.Part{{Name: check.PartStation, Result: check.OK}, {Name: check.PartVoice, Path: "1", Result: check.OK, Sent: 100, Back: 100, MS: 4}}},
		Contacts: contact.Figures{AsOf: now, Pairs: []contact.PairFigure{{Ours: reg.Posts[0], Theirs: reg.Posts[1], Last: made, Side: statement.SideSince, Days: 279, DaysMost: 279, ByUs: map[string]contact.Count{contact.Declined: {Ours: 3}, contact.NotReached: {Ours: 1}}}}, Said: contact.Count{Ours: 5}, Exercise: true},
		Log:      []*record.Entry{o, q},
	}
}

// golden compares with a file, or writes it anew.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; see it with -update and git diff\ngot:\n%s", name, got)
	}
}

// SPEC: PAG-017
func TestGolden(t *testing.T) {
	for _, lang := range words.Langs() {
		b, err := json.MarshalIndent(Build(world(), lang), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "desk."+lang+".json", append(b, '\n'))
		in := world()
		texts := []Desk{Answer(in, lang, "status"), Answer(in, lang, "inbox"), Answer(in, lang, "log"), Show(in, lang, in.Log[1], nil, &in.Messages[1], nil, nil, Around{})}
		in.Figures = &LineFigures{Since: at("07:00:00").AddDate(0, -1, 0), Used: 2, LastUsed: at("13:40:00"), Disputed: []string{"A7-12"},
			Available: []Share{{at("14:00:00").AddDate(0, 0, -1), 100}, {at("14:00:00").AddDate(0, 0, -30), 99.998}, {at("07:00:00").AddDate(0, -1, 0), 98.7}}}
		for _, verb := range []string{"calls", "checks", "figures", "contacts", "alarm.list", "officer.list", "post.list", "phrase.list"} {
			texts = append(texts, Answer(in, lang, verb))
		}
		var out strings.Builder
		for _, x := range texts {
			out.WriteString(x.Text() + "----\n")
		}
		if strings.Contains(out.String(), "[") && strings.Contains(out.String(), "[text.") {
			t.Errorf("%s: a key without words", lang)
		}
		golden(t, "shell."+lang+".txt", []byte(out.String()))
	}
}

// What a cut line shows is RECORDED, NOT HELD, and nothing else is said to be known of the other end. SPEC: PAG-018 PAG-019 PAG-022
func TestCut(t *testing.T) {
	in := world()
	for i := range in.Paths {
		in.Paths[i].WeHear, in.Paths[i].TheyHear, in.Paths[i].LastHeard = false, false, at("14:01:49")
	}
	in.WeSee = Presence{Station: Layer{State: "not-reached", Since: at("14:01:49")}, Armed: 1, Present: 1}
	d := Build(in, "en")
	if want := "Line DOWN since 14:01Z, tested today 09:00Z."; d.Sentences[0] != want {
		t.Errorf("got %q, want %q", d.Sentences[0], want)
	}
	if !strings.Contains(d.Sentences[1], "RECORDED, NOT HELD") {
		t.Errorf("a cut line says %q", d.Sentences[1])
	}
	if got := d.Messages[1].Steps[0].Word; got != "RECORDED, NOT HELD" {
		t.Errorf("our message that is not held shows %q", got)
	}
	if s := d.Liveness.WeSee; s.Desk.State != "unknown" || s.Officer.State != "unknown" || s.Station.State != "not-reached" {
		t.Errorf("of an end that is not reached the desk shows %+v", s)
	}
}

// What is over never reads as what stands, and whoever cannot reach them sees whom to call. SPEC: PAG-036
func TestAlarmThatIsOverAndTelephone(t *testing.T) {
	in := world()
	a1, _ := alarm.Find("A1")
	in.Alarms, in.Fallback = []alarm.Alarm{{Condition: alarm.Condition{ID: "A1"}, Row: a1, Priority: "high", State: alarm.Returned, Since: at("14:01:51")}}, map[string][]string{"borealia": {"+39 06 555 0100"}}
	d := Build(in, "en")
	if a := d.Alarms[0]; a.Cause != "Over: line down" || !strings.Contains(a.Do, "+39 06 555 0100") || !strings.Contains(d.Liveness.Telephone, "borealia: +39 06 555 0100") {
		t.Errorf("%+v %q", a, d.Liveness.Telephone)
	}
}

// A STOP for a place does not say everywhere. SPEC: PAG-023
func TestStopOfAPlace(t *testing.T) {
	in := world()
	in.Stops[0].Place = "Sector 4"
	if s := Build(in, "en").Stops[0]; s.Scope != "Sector 4" || s.Place != "Sector 4" {
		t.Errorf("%q %q", s.Scope, s.Place)
	}
}

// The calendar of a pair has a mark for each contact and attempt at its day, and tells sides, refusal and silence apart.
// SPEC: PAG-056
func TestCalendarOfAPair(t *testing.T) {
	in := world()
	day := func(s string) statement.When {
		w, err := statement.ReadWhen(s)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	p := &in.Contacts.Pairs[0]
	p.Since = []*contact.Contact{{When: day("2026-11-23")}, {When: day("2026-02-18")}} // the second is older than the calendar
	p.Attempts = [2][]*contact.Attempt{{{When: day("2026-11-24"), Outcome: contact.Declined}, {When: day("2026-11-20"), Outcome: contact.Lapsed}}, {{When: day("2026-11-21"), Outcome: contact.NotReached, Standing: contact.Disputed}}}
	in.Checks.Slots = []check.State{{Due: at("09:00:00").AddDate(0, 0, -1), Outcome: check.Missed}, {Due: at("08:00:00"), Outcome: check.Failed}, {Due: at("09:00:00"), Outcome: check.Passed}}
	d := Build(in, "en").Counterparts
	got := d.Pairs[0]
	want := []Mark{{88, "spoke", false, "23 Nov · spoke"}, {89, contact.Declined, false, "24 Nov · by us · declined"}, {85, contact.NoReply, false, "20 Nov · by us · lapsed"}, {86, contact.Disputed, true, "21 Nov · by them · not reached · disputed"}}
	if !slices.Equal(got.Marks, want) || got.Sought != 2 || got.TheirsSought != 1 || !got.Disputed {
		t.Errorf("%+v", got)
	}
	if len(d.Months) != 4 || d.Months[2].Word != "1 Nov" || d.Months[2].Day != 66 || d.Months[3] != (Mark{89, "today", false, "24 Nov, today"}) {
		t.Errorf("months: %+v", d.Months)
	}
	if len(d.Tested) != 2 || d.Tested[0].Sort != "missed" || d.Tested[1].Day != 89 || d.Tested[1].Sort != "tested" {
		t.Errorf("days: %+v", d.Tested)
	}
}

// No figure rests on both parties' word unless both have stated all of it. SPEC: CNT-027
func TestNoFigureSaysBothUnlessBothStatedIt(t *testing.T) {
	for _, c := range []struct {
		said contact.Count
		last string
		want string
	}{
		{contact.Count{Ours: 2}, contact.ByUs, "as of 14:02Z, by whose word: stated by us"},
		{contact.Count{Both: 2}, contact.Both, "on both parties' statements, as of 14:02Z"},
		{contact.Count{Both: 2}, contact.ByThem, "as of 14:02Z, by whose word: confirmed by both 2, stated by them 1"}, // the last contact was before
		{contact.Count{Both: 2, Disputed: 1}, contact.Both, "as of 14:02Z, by whose word: confirmed by both 3, disputed 1"},
		{contact.Count{}, "", "as of 14:02Z, by whose word: nothing on record"},
	} {
		in := world()
		p := &in.Contacts.Pairs[0]
		in.Contacts.Said, p.Side = c.said, statement.SideBefore
		if p.Last.Whose = c.last; c.last == "" {
			p.Last, p.Side = nil, statement.SideNever
		}
		if got := Build(in, "en").Counterparts.Basis; got != c.want {
			t.Errorf("%+v: %q, want %q", c, got, c.want)
		}
	}
}

// SPEC: PAG-020
func TestThreeColumnsAreNeverAdded(t *testing.T) {
	in := world()
	in.Contacts.Pairs[0].ByUs = map[string]contact.Count{contact.Declined: {Ours: 3}, contact.NoReply: {Both: 2}, contact.NotReached: {Theirs: 1}}
	d := Build(in, "en")
	if want := "Our Minister of Defence and theirs have not spoken since 18 Feb (declined 3, no reply 2, not reached 1), confirmed by both 2, stated by us 4, stated by them 1."; d.Counterparts.Sentence != want {
		t.Errorf("got %q, want %q", d.Counterparts.Sentence, want)
	}
	in.Contacts.Pairs[0].ByUs, in.Contacts.Pairs[0].ByThem = map[string]contact.Count{}, map[string]contact.Count{contact.Declined: {Theirs: 3}}
	if got, want := Build(in, "en").Counterparts.Sentence, "Our Minister of Defence and theirs have not spoken since 18 Feb (their requests: declined 3), stated by us 1, stated by them 3."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	b, err := json.Marshal(d.Counterparts.Pairs[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{`"declined":3`, `"no_reply":2`, `"not_reached":1`} {
		if !bytes.Contains(b, []byte(member)) {
			t.Errorf("%s is not in %s", member, b)
		}
	}
	if bytes.Contains(b, []byte(":6")) || bytes.Contains(b, []byte(":5")) {
		t.Errorf("columns were added up: %s", b)
	}
}

// SPEC: PAG-021 PAG-023 PAG-026
func TestWhatWaits(t *testing.T) {
	v := Answer(world(), "en", "inbox")
	if len(v.Stops) != 1 || len(v.Messages) != 1 || v.Messages[0].ID != "B7-42" {
		t.Fatalf("waits: %d STOPs, %d messages", len(v.Stops), len(v.Messages))
	}
	m := v.Messages[0]
	if got := strings.Join(m.Acts, " "); got != "shown ack respond reply relay" {
		t.Errorf("acts of a FLASH that is held: %s", got)
	}
	if len(m.ReadBack) != 1 || m.ReadBack[0].Name != "place" {
		t.Errorf("read-back: %+v", m.ReadBack)
	}
	if strings.Contains(m.ReadBack[0].Example, "54.20N") {
		t.Errorf("the example of a read-back gives its value away: %s", m.ReadBack[0].Example)
	}
	if got := strings.Join(v.Stops[0].Acts, " "); got != "take in-effect refuse" {
		t.Errorf("acts of their STOP: %s", got)
	}
	in := world()
	in.Us, in.Them = in.Them, in.Us
	if v := Answer(in, "en", "inbox"); len(v.Stops) != 0 || len(v.Messages) != 1 || v.Messages[0].ID != "A7-41" {
		t.Errorf("their inbox has %d STOPs and %d messages", len(v.Stops), len(v.Messages))
	}
}

// SPEC: PAG-024
func TestCallWords(t *testing.T) {
	for _, x := range []struct {
		live call.Live
		word string
		acts string
	}{
		{call.Live{}, "READY", "ring"},
		{call.Live{State: call.Calling, Out: true}, "CALLING", "hang-up"},
		{call.Live{State: call.RingingThere, Out: true, Rang: []string{"a", "b"}}, "RINGING THERE (2 desks)", "hang-up"},
		{call.Live{State: call.RingingHere}, "RINGING HERE", "answer decline"},
		{call.Live{State: call.Connected}, "CONNECTED", "hang-up"},
		{call.Live{State: call.Idle, Last: &call.Live{Ended: now, Outcome: call.Outcome{What: call.NobodyArmed}}}, "READY", "ring"},
	} {
		in := world()
		in.Live = x.live
		c := Build(in, "en").Call
		if c.Word != x.word || strings.Join(c.Acts, " ") != x.acts {
			t.Errorf("%s: %q %v", x.live.State, c.Word, c.Acts)
		}
	}
	cut := world()
	for i := range cut.Paths {
		cut.Paths[i].WeHear = false
	}
	cut.Live = call.Live{State: call.Idle, Last: &call.Live{Ended: now, Outcome: call.Outcome{What: call.Failed, Cause: "media"}}}
	cut.Alarms, cut.Messages, cut.Stops = nil, nil, nil
	d := Build(cut, "en")
	if d.Call.Word != "LINE DOWN" || !d.Call.NoPath || !slices.Contains(d.Call.Acts, "ring") || d.Call.OutcomeWas != "Last call: failed: no sound came through any more" {
		t.Errorf("with no path: %+v", d.Call)
	}
	for i := range cut.Paths {
		cut.Paths[i].WeHear, cut.Paths[i].TheyHear = true, false
	}
	if d := Build(cut, "en"); d.Call.Word != "THEY DO NOT HEAR US" || !d.Call.NoPath {
		t.Errorf("while they do not hear us: %+v", d.Call)
	}
	in := world()
	in.Live = call.Live{State: call.Idle, Last: &call.Live{Ended: now, Outcome: call.Outcome{What: call.Declined, Desk: "pts/3", Reason: "in a meeting", StandBy: at("14:30:00")}}}
	if got := Build(in, "en").Call.OutcomeWas; got != "Last call: declined · by pts/3 · in a meeting · stand by until 14:30Z" {
		t.Errorf("a decline reads %q", got)
	}
	in.Live.Last.Outcome = call.Outcome{What: call.NoAnswer, Seconds: 60, Desks: []string{"pts/3"}}
	if got := Build(in, "en").Call.OutcomeWas; got != "Last call: no answer · after 60 s · 1 desk" {
		t.Errorf("no answer reads %q", got)
	}
}

// The head says in which call this desk is not, and what is amiss with one, in no colour of a good one; a call that failed
// leaves more than NOTHING WAITS. SPEC: PAG-094
func TestHeadSaysWhatIsAmiss(t *testing.T) {
	b := newBuilder(world(), "en")
	for _, x := range []struct {
		call       Call
		tone, word string
	}{
		{Call{By: "Cpt Bruni"}, "go", "WITH CPT BRUNI"},
		{Call{TheyMuted: true}, "medium", "THEY ARE MUTED"},
		{Call{Pauses: []Layer{{State: "held", Word: "ON HOLD by Lt Amaro"}}}, "medium", "ON HOLD by Lt Amaro"},
		{Call{Mute: true}, "medium", "NO SOUND"},
		{Call{Elsewhere: true}, "", "IN A CALL"},
	} {
		x.call.State = call.Connected
		if g := b.isThere(&Desk{Call: x.call}); g.Tone != x.tone || g.Word != x.word {
			t.Errorf("%+v: %+v", x.call, g)
		}
	}
	if g := b.waits(&Desk{Call: Call{State: "ended", Outcome: call.Failed, OutcomeWas: "why"}}); g.Tone == "" || g.Word != "THE CALL FAILED" || g.Detail != "why" {
		t.Errorf("a call that failed: %+v", g)
	}
}

// SPEC: PAG-025
func TestCheckWords(t *testing.T) {
	in := world()
	if got := Build(in, "en").Check; got.Word != "passed 09:00Z" || got.Figures != "Tested 1 of 1 days · in a row 1 · last 24 Nov 09:00Z · longest gap 0 h" {
		t.Errorf("passed: %q %q", got.Word, got.Figures)
	}
	in.Check.State, in.Check.Started = "waiting", at("14:00:00")
	if got := Build(in, "en"); got.Check.State != "waiting" || got.Check.Word != "waiting for the other end" || got.Sentences[0] != "Line up on 1 of 2 paths, a check waits for the other end." {
		t.Errorf("closed here alone: %+v %q", got.Check, got.Sentences[0])
	}
	in.Check.State = ""
	in.Checks.Last = &check.State{Due: at("09:00:00"), Outcome: check.Failed, Which: []string{check.PartVoice}}
	if got := Build(in, "en").Check.Word; got != "FAILED: voice 09:00Z" {
		t.Errorf("failed: %q", got)
	}
	in.Checks.Overdue = []check.State{{Due: at("09:00:00")}}
	if got := Build(in, "en"); got.Check.State != "overdue" || got.Sentences[0] != "Line up on 1 of 2 paths, check OVERDUE since 09:00Z." {
		t.Errorf("overdue: %q %q", got.Check.Word, got.Sentences[0])
	}
}

// SPEC: PAG-027
func TestTerminalIsSafe(t *testing.T) {
	in := world()
	in.Messages[0].From, in.Messages[0].Begin = "borealia", saying(in.Messages[0].Begin, "safe\x1b[2Jstill \u202eesrever\u2066 line\rgone")
	out := Show(in, "en", in.Log[0], nil, &in.Messages[0], nil, nil, Around{}).Text() + Answer(in, "en", "log").Text()
	if strings.ContainsAny(out, "\x1b\r\u202e\u2066") {
		t.Errorf("the other party's words steer the terminal: %q", out)
	}
}

// Where no window is asked for nothing is before it, and a table for a spreadsheet has whole dates. SPEC: CNT-013
func TestPairsWithoutAWindow(t *testing.T) {
	in := world()
	d := Build(in, "en")
	if p := d.Counterparts.Pairs[0]; p.Side != "" || p.Date != "2026-02-18" {
		t.Errorf("without a window: side %q, date %q", p.Side, p.Date)
	}
	if csv := d.CSV(); !strings.Contains(csv, ",2026-02-18,") {
		t.Errorf("a date without its year: %s", csv)
	}
	in.Contacts.Since = in.Contacts.Pairs[0].Last.When
	if p := Build(in, "en").Counterparts.Pairs[0]; p.Side != "since" {
		t.Errorf("in its window: side %q", p.Side)
	}
}

// What requests answers rests on the word of who stated the attempts, whoever stated contacts. SPEC: CNT-027
func TestRequestsNameTheWordOfTheirAttempts(t *testing.T) {
	in := world()
	in.Contacts.Said = contact.Count{Ours: 3, Theirs: 4, Disputed: 1} // contacts among them
	in.Contacts.ByUs = map[string]contact.Count{contact.Declined: {Ours: 2}}
	d := Desk{}
	b := builder{Input: in, lang: "en"}
	b.requests(&d)
	if want := "as of 14:02Z, by whose word: stated by us"; d.Counterparts.Basis != want {
		t.Errorf("%q, want %q", d.Counterparts.Basis, want)
	}
}

// The two sides state different outcomes only where both state one: a no to the other's is a dispute. SPEC: CNT-010
func TestADisputeIsNoOutcomeOfItsOwn(t *testing.T) {
	in := world()
	e := entry("aurelia", "request.placed", 50, in.Now)
	q := &contact.Request{Entry: e, Party: "aurelia", Status: contact.Differs, Sought: true, Attempts: []contact.Attempt{{Entry: e, Outcome: contact.NoReply, Standing: contact.Disputed,
		Result: &contact.Result{Entry: e, Outcome: contact.NoReply}, Verdict: &contact.Verdict{Entry: e, Reason: "it never came"}}}}
	b := builder{Input: in, lang: "en"}
	if r := b.request(q); r.Word != "disputed" {
		t.Errorf("one side disputes: %q", r.Word)
	}
	q.Attempts[0].Other = &contact.Result{Entry: e, Outcome: contact.Declined}
	if r := b.request(q); r.Word != "the two sides state different outcomes" {
		t.Errorf("each states its own: %q", r.Word)
	}
}

// The desks that did not answer see who has the call, and where; the one that did sees nothing of the sort. SPEC: PAG-078
func TestOtherDesksSeeWhoHasTheCall(t *testing.T) {
	in := world()
	in.Live.State, in.Live.Answered = call.Connected, in.Now
	in.Live.By = statement.Author{Officer: in.Register.Officers[0].Place.String(), Known: "passkey", Desk: "Ops room left"}
	for desk, want := range map[string]string{"Ops room left": "", "Ops room right": "Lt Amaro has it, at Ops room left", "": ""} {
		in.Desk.Desk = desk
		if c := Build(in, "en").Call; c.At != want {
			t.Errorf("at %q: %q, not %q", desk, c.At, want)
		}
	}
	in.Desk.Desk, in.Live.By = "Ops room right", statement.Author{Known: "unattributed", Desk: "Ops room left"}
	if c := Build(in, "en").Call; c.At != "The desk Ops room left has it" {
		t.Error(c.At)
	}
	in.Live.State = call.RingingHere
	if c := Build(in, "en").Call; c.At != "" {
		t.Error("while it rings:", c.At)
	}
}

// A deputy whose turn is to come sees that it rings at others, and which; at its turn it rings as they do.
//
// SPEC: PAG-079 CAL-010
func TestDeputyBeforeItsTurn(t *testing.T) {
	in := world()
	m := &call.Machine{Us: "aurelia", Them: "borealia", Rand: strings.NewReader(strings.Repeat("x", 64)), Meters: func() call.Counts { return call.Counts{} }}
	m.Line(true, in.Now)
	m.Tick(in.Now)
	m.Desks([]string{"Ops"}, nil, []string{"Night"}, in.Now)
	m.Got(call.Signal{Kind: call.SigRing, ID: call.ID{1}, Seq: 1, Desk: "page-7", Class: "service", Mark: "actual"}, in.Now)
	in.Desk.Desk, in.Live = "Night", m.Live()
	if c := Build(in, "en").Call; c.State != "ringing-later" || c.Word != "RINGING AT OTHER DESKS" || c.At != "It rings at: Ops" {
		t.Errorf("%+v", c)
	}
	for s := range 21 {
		m.Tick(in.Now.Add(time.Duration(s) * time.Second))
	}
	in.Live = m.Live()
	if c := Build(in, "en").Call; c.State != call.RingingHere || c.Word != "RINGING HERE" || c.At != "It rings at: Ops, Night" {
		t.Errorf("%+v", c)
	}
}

// What a node calls a page or a session without a name of its own is on no screen, wherever a desk is named.
//
// SPEC: PAG-078
func TestNoDeskIsShownByItsInternalName(t *testing.T) {
	for name, change := range map[string]func(in *Input){
		"a message": func(in *Input) {
			in.Messages[0].Facts.By = statement.Author{Known: "unattributed", Desk: "session-13606"}
		},
		"ringing": func(in *Input) {
			in.Live.There, in.Live.ThereBy, in.Live.Rang = "page-abc", "", []string{"page-abc", "session-7"}
		},
		"the call at another desk": func(in *Input) {
			in.Live.State, in.Live.By, in.Desk.Desk = call.Connected, statement.Author{Desk: "page-abc"}, "Ops"
			in.Live.Side[0].People = []call.Person{{Desk: "page-abc"}, {Desk: "session-7", Source: 1}}
			in.Live.Side[1].People = []call.Person{{Desk: "page-xyz"}}
		},
		"a decline": func(in *Input) {
			in.Live = call.Live{State: call.Idle, Last: &call.Live{Ended: in.Now, Outcome: call.Outcome{What: call.Declined, Desk: "page-abc"}}}
		},
		"a call of the past": func(in *Input) {
			in.Calls[0].Caller.Facts.By = &statement.Author{Known: "unattributed", Desk: "session-13606"}
			in.Calls[0].Called.Facts.By = &statement.Author{Known: "unattributed", Desk: "page-abc"}
		},
	} {
		for _, lang := range words.Langs() {
			in := world()
			change(&in)
			d := Build(in, lang)
			d.Header.Desk, d.Call.Others = "", nil // for machines
			b, _ := json.Marshal(d)
			if m := regexp.MustCompile(`(page|session)-[0-9a-z]+`).Find(b); m != nil || !strings.Contains(string(b), words.T(lang, "desk.unnamed")) {
				t.Errorf("%s, %s: %q", name, lang, m)
			}
		}
	}
}
