// SPDX-License-Identifier: Apache-2.0

package page

import (
	"time"

	"example.org/parley/check"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/view"
	"example.org/parley/message/phrase"
	"example.org/parley/wire"
	"example.org/parley/words"
)

var fixtureNow = time.Date(2026, 11, 24, 14, 2, 31, 0, time.UTC)

func at(s string) time.Time {
	t, err := time.Parse("15:04:05", s)
	if err != nil {
		panic(err)
	}
	return time.Date(2026, 11, 24, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// fixture is a desk in the middle of things: a path lost, a ring, a FLASH to be acknowledged.
func fixture(us, them, lang string) view.Desk {
	w := func(k string, a ...any) string { return words.T(lang, k, a...) }
	ly := func(s string) view.Layer { return view.Layer{State: s, Word: w("layer." + s)} }
	d := view.Desk{Line: "north", Lang: lang, AsOf: fixtureNow, Demo: true,
		Header:    view.Header{Party: us, Peer: them, Officer: "Lt Amaro", KnownHow: "account + link", Desk: "page-1", Armed: true, Reads: "it", Word: w("header.on", "Lt Amaro", w("known.account + link"))},
		Sentences: []string{w("line.up", 1, 2, w("tested.today", "09:00Z")), w("spoken.not", w("spoken.pair", "Minister of Defence", "Minister of Defence"), "18 Feb", w("spoken.figures", w("fig.declined", 3)))},
		Alarms:    []alarm.Alarm{{Condition: alarm.Condition{ID: "A11"}, Priority: "medium", State: "raised", Since: at("14:01:51"), Cause: "ONE PATH LOST: 1", Do: "The other path carries all. Tell the technician.", Word: w("prio.medium"), Sound: "medium"}},
		Liveness: view.Liveness{
			Paths:     []wire.PathState{{Label: w("path.n", "1"), WeHear: false, TheyHear: true, Since: at("14:01:51")}, {Label: w("path.n", "2"), WeHear: true, TheyHear: true, RTTms: 2}},
			WeSee:     view.Presence{Known: true, Station: ly("answers"), Desk: ly("armed"), Officer: view.Layer{State: "present", Word: "Cpt Bruni"}},
			TheySeeUs: view.Presence{Known: true, Station: ly("answers"), Desk: ly("armed"), Officer: view.Layer{State: "present", Word: "Lt Amaro"}},
		},
		Call: view.Call{State: "ringing-here", Word: w("call.ringing-here"), ID: "c1", Since: at("14:02:24"), By: "Cpt Bruni · page-1", Class: "substantive", Mark: "actual", Acts: []string{"answer", "decline"}},
	}
	rung := func(step, state string, t, due time.Time) view.Progress {
		return view.Progress{Step: step, Word: w("rung." + step), State: state, At: t, Due: due}
	}
	d.Answers = []view.Glance{{Mark: "one", Word: w("ans.up"), Detail: w("ans.paths", 1, 2, w("tested.today", "09:00Z"))}, {Mark: "person", Word: w("ans.there", "CPT BRUNI"), Detail: w("ans.desks", w("armed.n", 1))},
		{Tone: "flash", Mark: "flash", Count: 1, Word: w("ans.flash"), Detail: w("ans.flash.do") + w("ans.also", 1), Until: at("14:04:00")}}
	d.Messages = []view.Message{
		{ID: "B7-42", Key: "b742", At: at("14:02:00"), From: them, By: "Cpt Bruni", Precedence: "FLASH", Kind: "question", Class: "substantive", Mark: "actual", Urgent: true, Phrase: "is-this-yours",
			Direction: w("dir.in", them),
			Spans:     []phrase.Span{{Text: "Is this yours? An aircraft at "}, {Text: "54.20N 18.40E", Coded: true, Field: "place"}, {Text: " at "}, {Text: "241359Z NOV 26", Coded: true, Field: "time"}, {Text: "."}},
			Steps:     []view.Progress{rung("recorded", "done", at("14:02:00"), time.Time{}), rung("held", "done", at("14:02:00"), time.Time{}), rung("shown", "done", at("14:02:01"), time.Time{}), rung("acknowledged", "due", time.Time{}, at("14:04:00")), rung("responded", "due", time.Time{}, at("14:07:00"))},
			ReadBack:  []view.Blank{{Name: "place", Word: "place", Type: "place", Example: "12.34N 56.78E"}}, Acts: []string{"shown", "ack", "reply"}},
		{ID: "A7-41", Key: "a741", Ours: true, At: at("13:20:10"), From: us, By: "Lt Amaro", Precedence: "PRIORITY", Kind: "information", Class: "substantive", Mark: "exercise", Overdue: true, Lang: "en",
			Direction: w("dir.out", them),
			Spans:     []phrase.Span{{Text: "Two of our helicopters will land at the harbour for fuel and leave before dusk."}},
			Steps:     []view.Progress{rung("recorded", "done", at("13:20:10"), time.Time{}), rung("held", "done", at("13:20:10"), time.Time{}), rung("shown", "late", at("13:31:40"), time.Time{}), rung("acknowledged", "overdue", time.Time{}, at("13:50:10"))}, Acts: []string{}},
	}
	d.Check = view.Check{State: "passed", Word: w("check.word", w("check.passed"), "09:00Z"), Due: at("09:00:00").AddDate(0, 0, 1), Days: 1, Of: 1, Streak: 1, Figures: w("check.figures", 1, 1, 1, "09:00Z", "24 h"),
		Parts: []check.Part{{Name: check.PartStation, Result: check.OK}, {Name: check.PartPath, Path: "1", Result: check.OK, MS: 2}, {Name: check.PartVoice, Path: "1", Result: check.OK, Sent: 100, Back: 100, MS: 4}, {Name: check.PartQuestion, Result: check.OK}}}
	d.Counterparts = view.Counterparts{Window: w("window.all"), Basis: w("basis.both", "14:02Z"), Sentence: d.Sentences[1],
		Pairs: []view.Pair{{Ours: "Minister of Defence", Theirs: "Minister of Defence", LastSpoke: "18 Feb", Channel: w("chan.telephone"), Days: 279, Declined: 3, Still: true}, {Ours: "Chief of Staff", Theirs: "Chief of the General Staff", LastSpoke: "11 Feb", Channel: w("chan.telephone"), Days: 286, Declined: 1, NoReply: 1, NotReached: 0, Still: true}}}
	d.Calls = []view.Call{{ID: "A7-30", Since: at("09:00:20"), Ours: true, Class: "test", Mark: "exercise", Outcome: "answered", Word: w("out.answered"), Seconds: 41, In: &view.Meter{}}}
	d.Log = []view.LogRow{{ID: "B7-42", At: at("14:02:00"), Party: them, Kind: "message.question", Word: "FLASH " + w("kind.question"), State: "held", Held: at("14:02:00")}, {ID: "A7-41", At: at("13:20:10"), Party: us, Kind: "message.information", Word: "PRIORITY " + w("kind.information"), State: "recorded"}}
	return d
}

// fixtureIdle is a quiet desk; fixtureCall one in a call; fixtureStop one with a STOP that nobody has taken.
func fixtureIdle(us, them, lang string) view.Desk {
	d := fixture(us, them, lang)
	w := func(k string, a ...any) string { return words.T(lang, k, a...) }
	d.Alarms, d.Messages = nil, d.Messages[1:]
	d.Sentences[0] = w("line.up", 2, 2, w("tested.today", "09:00Z"))
	d.Liveness.Paths[0] = wire.PathState{Label: w("path.n", "1"), WeHear: true, TheyHear: true, RTTms: 2}
	d.Call = view.Call{State: "idle", Word: w("call.idle"), Acts: []string{"ring"}}
	d.Answers[0] = view.Glance{Mark: "up", Word: w("ans.up"), Detail: w("ans.paths", 2, 2, w("tested.today", "09:00Z"))}
	d.Answers[2] = view.Glance{Mark: "tray", Word: w("ans.nothing"), Detail: w("ans.nothing.do")}
	return d
}

func fixtureCall(us, them, lang string) view.Desk {
	d := fixtureIdle(us, them, lang)
	w := func(k string, a ...any) string { return words.T(lang, k, a...) }
	m := &view.Meter{Level: 4, Frames: 9210, Lost: 0, LongestGapMS: 20, Codec: "opus", Word: w("meter.word", 9210, 0, "20 ms")}
	d.Call = view.Call{State: "connected", Word: w("call.connected"), ID: "c2", Since: at("13:59:27"), By: "Cpt Bruni · page-1", Class: "substantive", Mark: "actual", Sound: "microphone", Out: m, In: m, Acts: []string{"hang-up", "replay"}, Types: true, Recording: &view.Layer{State: "both", Word: w("recording.both")}}
	line := func(ours bool, name, state string, when string, runs ...view.Stretch) view.TypedLine {
		return view.TypedLine{Ours: ours, Name: name, State: state, Word: w("line." + state), At: at(when), Runs: runs, Key: when}
	}
	d.Call.Text = []view.TypedLine{line(false, "Cpt Bruni", "recorded", "14:00:20", view.Stretch{Text: "Elicottero di soccorso, un "}, view.Stretch{Text: "elicottero", Erased: true}, view.Stretch{Text: "velivolo."}),
		line(true, "Lt Amaro", "recorded", "14:00:41", view.Stretch{Text: "I read back 54.02N 018.11E, 0330Z."}), line(false, "Cpt Bruni", "typing", "14:01:02", view.Stretch{Text: "Corretto. Quota"})}
	d.Call.Text[0].ID, d.Call.Text[1].ID = "B7-44", "A7-42"
	d.Answers[1] = view.Glance{Tone: "go", Mark: "voice", Word: w("ans.with", "CPT BRUNI"), Detail: w("recording.short.both") + " · " + w("ans.frames", 0), Since: at("13:59:27")}
	return d
}

func fixtureStop(us, them, lang string) view.Desk {
	d := fixture(us, them, lang)
	w := func(k string, a ...any) string { return words.T(lang, k, a...) }
	d.Stops = []view.StopCard{{ID: "B7-43", Key: "b743", At: at("14:02:20"), From: them, By: "Cpt Bruni", Scope: w("stop.scope.everywhere"), Reason: w("stop.reason.danger"), Class: "substantive", Mark: "actual", Count: 1, State: "held", Word: w("stop.word.held"), Stands: true,
		Steps: []view.Progress{{Step: "recorded", Word: w("rung.recorded"), State: "done", At: at("14:02:20")}, {Step: "held", Word: w("rung.held"), State: "done", At: at("14:02:20")}, {Step: "taken", Word: w("rung.taken"), State: "due", Due: at("14:03:20")}}, Acts: []string{"take", "in-effect", "refuse"}}}
	d.Answers[2] = view.Glance{Tone: "high", Mark: "stop", Count: 2, Word: w("ans.stop+flash"), Detail: w("ans.stop+flash.do") + w("ans.also", 1)}
	return d
}

// fixtureRead is a quiet desk with something to read: a page of the record, six pairs with a calendar.
func fixtureRead(us, them, lang string) view.Desk {
	d := fixtureIdle(us, them, lang)
	w := func(k string, a ...any) string { return words.T(lang, k, a...) }
	full := fixture(us, them, lang)
	d.Messages = full.Messages
	d.Log = nil
	for i := range 14 {
		for j, r := range full.Log {
			r.At = r.At.Add(-time.Duration(i) * time.Hour)
			r.By, r.Says = [2]string{"Cpt Bruni", "Lt Amaro"}[j], [2]string{"Is this yours? An aircraft at 54.20N 18.40E at 241359Z NOV 26.", "Two of our helicopters will land at the harbour for fuel and leave before dusk."}[j]
			d.Log = append(d.Log, r)
		}
		d.Log = append(d.Log, view.LogRow{ID: "B7-40", At: at("09:00:10"), Party: them, By: "Cpt Bruni", Kind: "stop.taken", Class: "test", Re: []string{"A7-39"}, State: "held", Held: at("09:00:11")})
	}
	spoke := func(day int) view.Mark { return view.Mark{Day: day, Sort: "spoke", Word: w("cal.spoke")} }
	by := func(day int, sort string, theirs bool) view.Mark {
		return view.Mark{Day: day, Sort: sort, Theirs: theirs, Word: w("request." + sort)}
	}
	p := &d.Counterparts
	p.Pairs = []view.Pair{
		{Ours: "Minister of Defence", Theirs: "Minister of Defence", LastSpoke: "18 Feb", Channel: w("chan.meeting"), Days: 279, Sought: 6, Declined: 3, NoReply: 2, NotReached: 1, Still: true, Confirmed: w("confirmed.stated"), Marks: []view.Mark{by(18, "declined", false), by(36, "declined", false), by(53, "no-reply", false), by(70, "declined", false), by(77, "not-reached", false), by(85, "no-reply", false)}},
		{Ours: "Chief of Staff", Theirs: "Chief of the General Staff", LastSpoke: "21 Nov", Channel: w("chan.line"), Days: 3, Sought: 3, TheirsSought: 2, TheirsDeclined: 1, Confirmed: w("confirmed.theirs"), Marks: []view.Mark{spoke(13), spoke(34), spoke(63), spoke(86), by(40, "declined", true)}},
		{Ours: "Head of Operations", Theirs: "Head of Operations", LastSpoke: "23 Nov", Channel: w("chan.line"), Days: 1, Sought: 4, TheirsSought: 4, Disputed: true, Marks: []view.Mark{spoke(3), spoke(17), {Day: 74, Sort: "disputed", Word: w("cal.disputed")}, spoke(88)}},
	}
	p.Months = []view.Mark{{Day: 5, Sort: "month", Word: "1 Sep"}, {Day: 35, Sort: "month", Word: "1 Oct"}, {Day: 66, Sort: "month", Word: "1 Nov"}}
	for day := range view.CalendarDays {
		p.Tested = append(p.Tested, view.Mark{Day: day, Sort: map[bool]string{true: "missed", false: "tested"}[day == 71], Word: w("cal.tested")})
	}
	return d
}
