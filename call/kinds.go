// SPDX-License-Identifier: Apache-2.0

package call

import (
	"regexp"
	"slices"
	"time"

	"example.org/parley/record"
	"example.org/parley/statement"
)

// Kinds lists the kinds of this package. They are grouped by the opening party and the call's id, whichever end
// stated first.
//
// SPEC: CAL-011
var Kinds = []statement.Kind{
	kind(KindPlaced, true, (*State).word), kind(KindRang, true, (*State).word), kind(KindSilent, true, (*State).word),
	kind(KindClosed, true, (*State).closed), kind(KindClass, false, (*State).word),
	statement.New(statement.Kind{Kind: record.Kind{Name: KindLine, Begins: true}, Max: 4 << 10}, (*State).written),
	statement.New(statement.Kind{Kind: record.Kind{Name: KindNoted, Begins: true}, Max: 8 << 10}, (*State).noted),
	statement.New(statement.Kind{Kind: record.Kind{Name: KindErased, Begins: true}, Class: "service", NoText: true}, func(*State, *record.Entry, Erased) {}),
}

func kind[F statement.Validator](name string, atOnce bool, fold func(*State, *record.Entry, F)) statement.Kind {
	limit := 4 << 10
	if name == KindClosed { // with the people and the files of a call
		limit *= 2
	}
	return statement.New(statement.Kind{Kind: record.Kind{Name: name, Begins: true}, Max: limit, NoText: name != KindClosed, Urgent: atOnce, Reserve: atOnce}, fold)
}

// Item groups the statements of one call.
func (f Word) Item(*record.Entry) (party, id string)   { return f.Opener, f.Call }
func (f Closed) Item(*record.Entry) (party, id string) { return f.Opener, f.Call }

// Item makes a line one of its call.
func (f Written) Item(*record.Entry) (party, id string) { return f.Opener, f.Call }

// Validate judges call.line from itself alone.
//
// SPEC: CAL-033
func (f Written) Validate(e, _ *record.Entry) error {
	return statement.First(about(f.Opener, f.Call), f.By.Validate(), statement.Must("at", f.At), statement.If(f.Source < 0 || f.Source >= maxPeople, "source %d", f.Source),
		statement.If(f.Line < 1 || f.Line > maxLines, "a line of no number"), statement.If(!e.WantText, "a line without a letter"))
}

// Item makes one call of it and of what the other end says of its class.
func (f Noted) Item(*record.Entry) (party, id string) { return f.Opener, f.Call }

// Validate judges call.noted.
//
// SPEC: CHK-035
func (f Noted) Validate(e, _ *record.Entry) error {
	err := statement.First(about(f.Opener, f.Call), statement.If(f.Opener != e.Log.Party, "call.noted by another party than it says"), statement.Must("at", f.At),
		statement.If(!e.Time.IsZero() && f.At.After(e.Time), "it is dated after it was stated"), f.By.Person(),
		statement.If(f.Seconds < 0 || f.Seconds >= 1<<20, "seconds"), statement.If(len(f.With) < 1 || len(f.With) > maxWith, "who spoke: a post, 8 at most"))
	for _, p := range f.With {
		if err == nil {
			_, err = record.ParsePlace(p)
		}
	}
	return err
}

// Item makes an item of its own of it: it says nothing of how the call went.
func (f Erased) Item(e *record.Entry) (party, id string) { return e.Log.Party, f.Call }

// Validate judges recording.erased from itself alone.
//
// SPEC: RCD-010
func (f Erased) Validate(*record.Entry, *record.Entry) error {
	_, err := ParseID(f.Call)
	return statement.First(err, statement.If(f.Days < 1, "a recording is kept for a day at least"))
}

// NoteDraft makes call.noted of a party.
func NoteDraft(party, class, mark string, f Noted, text *record.Text) (record.Draft, error) {
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: KindNoted, Class: class, Mark: mark, Facts: f, Text: text}, "as: parley call note --with Minister,'Their minister' --class service")
}

// about judges which call a statement is about.
func about(opener, call string) error {
	_, err := ParseID(call)
	return statement.First(err, statement.Text("opener", opener, maxName))
}

// Validate judges what an end says of a call from itself alone.
//
// SPEC: CAL-012
func (f Word) Validate(e, _ *record.Entry) error {
	placed, rang, class := e.Kind == KindPlaced, e.Kind == KindRang, e.Kind == KindClass
	return statement.First(about(f.Opener, f.Call),
		statement.If(placed && f.Opener != e.Log.Party, "call.placed by the party that does not ring"),
		statement.If(rang && f.Opener == e.Log.Party, "call.rang by the party that rings"),
		statement.If((f.By != nil) != (placed || class), "by stands in call.placed and call.class"), f.By.Validate(),
		statement.If(!rang && (f.From != "" || f.Desks != nil), "from and desks stand in call.rang alone"),
		statement.If(!rang && !placed && f.Priority != "", "a priority stands in call.placed and call.rang alone"),
		statement.If(f.At.IsZero() != class, "its time stands in all but call.class"), statement.Time("at", f.At),
		statement.Optional("from", f.From, maxName), statement.Optional("priority", f.Priority, maxName), desks(f.Desks))
}

// Validate judges call.closed from itself alone.
func (f Closed) Validate(e, _ *record.Entry) error {
	o := f.Outcome
	var became error
	if o.Became != "" {
		_, became = ParseID(o.Became)
	}
	m := f.Meters
	for _, j := range f.With {
		if err := j.validate(); err != nil {
			return err
		}
	}
	return statement.First(statement.If(len(f.With) > maxJoined || len(f.With) > 0 && f.Answered.IsZero(), "with: 8 at most, of a call that was answered"),
		about(f.Opener, f.Call), f.By.Validate(), became, desks(o.Desks), f.Recording.validate(),
		statement.OneOf("outcome", o.What, outcomes), statement.OneOf("cause", o.Cause, append([]string{""}, Causes...)), statement.OneOf("codec", f.Codec, append([]string{""}, codecs...)),
		statement.If((o.What == Failed) != (o.Cause != ""), "a cause stands with failed, and only there"),
		statement.If(o.What != Declined && (e.WantText || !o.StandBy.IsZero()), "a reason stands only with declined"),
		statement.If(o.Became != "" && (o.What != Answered || o.Became == f.Call), "became stands with answered, and names another call"),
		statement.If(o.Seconds < 0 || o.Seconds >= 1<<16, "seconds"),
		statement.If(o.What == NoSound && !m.silent(), "no-sound stands with meters of a silent direction"),
		statement.If(m != nil && min(m.Sent, m.Received, m.Lost, m.GapMS) < 0, "a meter below nothing"),
		statement.Optional("desk", o.Desk, maxName), statement.Optional("there", f.There, maxName),
		statement.Optional("ended_by", f.EndedBy, maxName), statement.Must("began", f.Began), statement.Must("ended", f.Ended),
		statement.Time("answered", f.Answered), statement.Time("stand_by_until", o.StandBy))
}

// RecordName is what a recording's file may be called: no path.
var RecordName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,15}-[0-3](-[1-9][0-9]?)?\.(ogg|wav)(\.sealed)?$`)

var hexSum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// validate judges what an end says that it has recorded. SPEC: RCD-008
func (r *Recording) validate() error {
	if r == nil {
		return nil
	}
	for i, f := range r.Files {
		twice := slices.ContainsFunc(r.Files[:i], func(g RecordFile) bool { return g.Name == f.Name })
		if err := statement.First(statement.If(!RecordName.MatchString(f.Name) || twice, "a recording's file %q", f.Name), statement.If(!hexSum.MatchString(f.SHA256), "sha256 of %s", f.Name),
			statement.If(min(f.FromMS, f.MS, f.Bytes) < 0, "a recording shorter than nothing")); err != nil {
			return err
		}
	}
	return statement.First(statement.If(len(r.Files) > MaxFiles || r.Dropped < 0, "a recording has %d files at most", MaxFiles), statement.OneOf("fault", r.Fault, append([]string{""}, RecordFaults...)))
}

func (j Joined) validate() error {
	return statement.First(j.By.Validate(), statement.OneOf("part", j.Part, append([]string{Holder}, Parts...)), statement.If(j.Part == Listener && j.Speaks, "a listener speaks"),
		statement.Must("from", j.From), statement.Must("until", j.Until), statement.If(j.Until.Before(j.From), "until before from"))
}

func desks(ds []string) error {
	for _, d := range ds {
		if err := statement.Text("desk", d, maxName); err != nil {
			return err
		}
	}
	return statement.If(len(ds) > maxDesks, "over %d desks", maxDesks)
}

// ClassDraft drafts a later statement of a call's class by a party.
func ClassDraft(party string, s State, class string, by statement.Author) (record.Draft, error) {
	return statement.Draft(Kinds, party, nil, record.Draft{Kind: KindClass, Class: class, Mark: s.Mark, Facts: Word{Opener: s.Opener, Call: s.Call, By: &by}}, "see: parley calls")
}

// Orphan drafts the closing of a call that party us began and never closed: its node stopped in it.
// ok is false where there is nothing to close.
//
// SPEC: CAL-016
func Orphan(s State, us string, now time.Time) (d record.Draft, ok bool) {
	e := s.Caller
	if s.Called.Party == us {
		e = s.Called
	}
	if e.Party != us || e.Began == nil || e.Closed != nil {
		return d, false
	}
	return record.Draft{Kind: KindClosed, Class: e.Began.Class, Mark: e.Began.Mark, Facts: Closed{Opener: s.Opener, Call: s.Call,
		Outcome: Outcome{What: Failed, Cause: CauseNearNode}, Began: whole(e.Began.Time), Ended: whole(now)}}, true
}
