// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
	"strings"
	"testing"

	"example.org/parley/call"
	"example.org/parley/message"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/stop"
)

// Two rings that crossed are two rows, one answered; the other says what it became. SPEC: PAG-024
func TestCrossedRings(t *testing.T) {
	in := world()
	in.Calls = append(in.Calls, call.State{Opener: "borealia", Call: "02", Class: "test", Called: call.End{Party: "aurelia", Began: entry("aurelia", "call.rang", 31, at("09:00:20"))},
		Outcome: call.Outcome{What: call.Answered, Became: "01"}, Began: at("09:00:20")})
	rows := Build(in, "en").Calls
	if rows[1].Word != "answered" || rows[0].Word != "both rang at once: it became A7-30" || rows[0].Outcome != "became" || rows[0].Became != "A7-30" {
		t.Errorf("crossed rings read %q and %+v", rows[1].Word, rows[0])
	}
}

// SPEC: PAG-022
func TestAwaitingLinguistIsOneRow(t *testing.T) {
	in := world()
	flash := &in.Messages[1]
	shown := message.Step{Name: message.Shown, At: at("14:02:05")}
	ack := message.Step{Name: message.Acknowledged, At: at("14:02:10"), StepFacts: message.StepFacts{Read: message.Linguist, By: statement.Author{Officer: in.Register.Officers[0].Place.String(), Known: "account"}}}
	flash.Steps, flash.Awaiting = map[string][]message.Step{message.Shown: {shown}, message.Acknowledged: {ack}}, &ack
	for _, x := range []struct{ now, state, summary string }{{"14:03:00", "due", "awaiting linguist"}, {"14:13:00", "overdue", "awaiting linguist OVERDUE since 14:12Z"}} {
		in.Now = at(x.now)
		flash.Facts.Respond = false
		m := Build(in, "en").Messages[0]
		var rows []Progress
		for _, s := range m.Steps {
			if s.Step == message.Acknowledged {
				rows = append(rows, s)
			}
		}
		if len(rows) != 1 || rows[0].State != x.state || !rows[0].Due.Equal(at("14:12:10")) || rows[0].By != "Lt Amaro" || rows[0].Note != "received, not yet understood: awaiting linguist" {
			t.Errorf("at %s: %+v", x.now, rows)
		}
		if m.Summary != x.summary {
			t.Errorf("at %s the ladder sums up to %q", x.now, m.Summary)
		}
	}
}

// SPEC: PAG-023
func TestStopCopyNamesItsOfficer(t *testing.T) {
	in := world()
	id := in.Stops[0].ID
	in.Stops = []stop.State{stop.State{}.With([]stop.Copy{
		{Step: "sent", Party: "aurelia", ID: id, Time: at("14:02:00"), Reason: stop.UsualReason, By: "Lt Amaro", Class: "substantive", Mark: "actual"},
		{Step: "relayed", Party: "aurelia", ID: id, Time: at("14:02:10"), Place: "2nd Brigade", By: "Cpt Bruni"},
	})}
	s := Build(in, "en").Stops[0]
	if s.By != "Lt Amaro" {
		t.Errorf("a copy is by %q", s.By)
	}
	if i := slices.IndexFunc(s.Steps, func(x Progress) bool { return x.Step == "relayed" }); i < 0 || s.Steps[i].By != "Cpt Bruni" || s.Steps[i].Note != "2nd Brigade" {
		t.Errorf("its relay reads %+v", s.Steps)
	}
}

// A time of another day carries its day, in the words of either language. SPEC: PAG-018
func TestTimesOfAnotherDay(t *testing.T) {
	in := world()
	in.Now = now.AddDate(0, 0, 1)
	for i := range in.Paths {
		in.Paths[i].WeHear, in.Paths[i].LastHeard = false, at("14:01:49")
	}
	for lang, want := range map[string][]string{
		"en": {"Line DOWN since 24 Nov 14:01Z, last tested 24 Nov 09:00Z.", "path 1 since 24 Nov 14:01Z", "held 24 Nov 14:02Z – taken (OVERDUE since 24 Nov 14:03Z)"},
		"it": {"Linea INTERROTTA dal 24 nov 14:01Z, provata l'ultima volta il 24 nov 09:00Z.", "percorso 1 dal 24 nov 14:01Z", "custodito 24 nov 14:02Z – preso in carico (SCADUTO dal 24 nov 14:03Z)"},
	} {
		out := Answer(in, lang, "status").Text()
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: no %q in\n%s", lang, w, out)
			}
		}
	}
}

// A STOP of a check does not look like a real one in the record. SPEC: PAG-023
func TestClassTestIsSaidFirst(t *testing.T) {
	in := world()
	e, s := entry("aurelia", "stop.sent", 33, at("09:00:20")), in.Stops[0]
	e.Class, s.Class = "test", "test"
	in.Log = append([]*record.Entry{e}, in.Log...)
	for lang, word := range map[string]string{"en": "test · STOP", "it": "prova · STOP"} {
		show := Show(in, lang, e, nil, nil, &s, nil, Around{}).Text()
		if !strings.HasPrefix(show, word) || strings.Contains(show, "! STOP") {
			t.Errorf("show says %q", show)
		}
		for face, rows := range map[string][]LogRow{"log": Answer(in, lang, "log").Log, "page": Build(in, lang).Log} {
			i := slices.IndexFunc(rows, func(r LogRow) bool { return r.ID == "A7-33" })
			if i < 0 || !strings.HasPrefix(rows[i].Word, word) {
				t.Errorf("%s says %+v", face, rows)
			}
		}
		if real := in.Stops[0]; !strings.HasPrefix(Show(in, lang, e, nil, nil, &real, nil, Around{}).Text(), "! STOP ") {
			t.Error("a STOP of no check is not drawn as one")
		}
	}
}
