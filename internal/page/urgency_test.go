// SPDX-License-Identifier: Apache-2.0

package page

import (
	"html/template"
	"strings"
	"testing"

	"example.org/parley/internal/alarm"
	"example.org/parley/internal/view"
)

// drawSheet draws one template of a desk in English.
func drawSheet(t *testing.T, name string, s sheet) string {
	t.Helper()
	s.Lang = "en"
	out, err := render(name, "en", s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// In the field: STOP, then a waiting FLASH, then who rings, then active alarms, then those that are over; ANSWER has a
// place of its own beside it, which nothing moves. SPEC: PAG-032 PAG-037
func TestOrderOfUrgency(t *testing.T) {
	s := sheet{Desk: fixtureStop("aurelia", "borealia", "en"), Panels: map[string]template.HTML{}}
	a1 := alarm.Alarm{Condition: alarm.Condition{ID: "A1"}, Priority: "high", State: "returned", Since: at("13:00:00"), Cause: "Over: line down", Word: "HIGH, over"}
	s.Alarms = append([]alarm.Alarm{a1}, s.Alarms...)
	for _, p := range panels() {
		s.Panels[p] = template.HTML(drawSheet(t, p, s))
	}
	desk := drawSheet(t, "desk", s)
	field := desk[strings.Index(desk, `class="stack"`):strings.Index(desk, `class="calm"`)]
	if strings.Contains(field, `id="c-answer"`) || !strings.Contains(desk, `id="c-answer"`) {
		t.Error("ANSWER does not stand beside the field")
	}
	last := 0
	for _, mark := range []string{`class="card stopcard`, `class="card flash"`, `class="bar rings"`, `class="bar medium raised"`, `class="bar over"`} {
		i := strings.Index(field, mark)
		if i < last {
			t.Errorf("%s stands at %d, what is more urgent at %d", mark, i, last)
		}
		last = i
	}
	if alarms := string(s.Panels["alarms"]); strings.Contains(alarms, "LINE DOWN") || strings.Contains(alarms, "bar high returned") {
		t.Errorf("an alarm that is over is drawn as one that stands: %s", alarms)
	}
}

// Every FLASH that waits stands above the call, however many there are. SPEC: PAG-032
func TestEveryWaitingFlashStandsAbove(t *testing.T) {
	s := sheet{Desk: fixture("aurelia", "borealia", "en")}
	for range 4 {
		s.Messages = append(s.Messages, s.Messages[0])
	}
	if n := strings.Count(drawSheet(t, "urgent", s), "<article"); n != 5 {
		t.Errorf("%d of 5", n)
	}
}

// Nobody agrees by a key that he meant for something else: no response is chosen beforehand. SPEC: PAG-037
func TestNoResponseIsPreselected(t *testing.T) {
	s := sheet{Desk: fixture("aurelia", "borealia", "en"), openForm: openForm{"respond", "B7-42"}}
	s.Msg = &s.Messages[0]
	form := drawSheet(t, "form-respond", s)
	if strings.Contains(form, "checked") || !strings.Contains(form, `value="will-comply" required`) {
		t.Error(form)
	}
}

// A STOP is lifted in two steps, with a reason, and leaves its trace on the board. SPEC: PAG-037
func TestLiftTakesTwoStepsAndAReason(t *testing.T) {
	d := fixtureStop("aurelia", "borealia", "en")
	st := &d.Stops[0]
	st.Ours, st.Acts = true, []string{"lift"}
	card := drawSheet(t, "stops", sheet{Desk: d})
	if strings.Contains(card, `data-verb="stop.step"`) || !strings.Contains(card, `data-form="lift"`) {
		t.Errorf("one press lifts a STOP: %s", card)
	}
	if form := drawSheet(t, "form-lift", sheet{Desk: d, openForm: openForm{"lift", st.ID}}); !strings.Contains(form, `name="reason" maxlength="200" required`) {
		t.Error(form)
	}
	st.Stands, st.State, st.Word, st.Acts = false, "lifted", "LIFTED", nil
	st.Steps = append(st.Steps, view.Progress{Step: "lifted", Word: "lifted", State: "done", At: at("14:05:00"), By: "Lt Amaro", Note: "Not understood"})
	if over := drawSheet(t, "stops", sheet{Desk: d}) + drawSheet(t, "alarms", sheet{Desk: d}); !strings.Contains(over, "LIFTED") || !strings.Contains(over, "Lt Amaro") || !strings.Contains(over, "Not understood") || strings.Contains(over, "stopcard") {
		t.Errorf("a lifted STOP leaves %s", over)
	}
}

// The text stays in view while it is acknowledged, unless its values are to be read back. SPEC: PAG-011
func TestTextStaysWhileAcknowledged(t *testing.T) {
	for _, readBack := range []bool{false, true} {
		s := sheet{Desk: fixture("aurelia", "borealia", "en"), open: map[string]openForm{"fmsg": {"ack", "B7-42"}}}
		if !readBack {
			s.Messages[0].ReadBack = nil
		}
		if hidden := !strings.Contains(drawSheet(t, "messages", s), "54.20N"); hidden != readBack {
			t.Errorf("with values to read back %v: hidden %v", readBack, hidden)
		}
	}
}

// An exercise and a test say so where they are read and answered: on the card, in the form, in the list, and to a screen
// reader. SPEC: PAG-094
func TestAnExerciseSaysSoWhereItIsAnswered(t *testing.T) {
	s := sheet{Desk: fixture("aurelia", "borealia", "en"), openForm: openForm{"ack", "B7-42"}}
	m := &s.Messages[0]
	s.Msg = m
	chips := func() (out []bool) {
		for _, name := range []string{"urgent", "messages", "form-ack", "form-respond"} {
			html, _, _ := strings.Cut(drawSheet(t, name, s), m.Spans[0].Text) // above its words
			if name == "messages" {
				html = strings.SplitAfter(drawSheet(t, name, s), "<li class=\"msg ")[1]
			}
			out = append(out, strings.Contains(html, `<b class="chip">exercise</b>`) || strings.Contains(html, `<b class="chip">test</b>`))
		}
		return append(out, strings.HasPrefix(s.Assert(), "exercise") || strings.HasPrefix(s.Assert(), "test"))
	}
	for _, x := range []struct {
		class, mark string
		says        bool
	}{{"substantive", "actual", false}, {"substantive", "exercise", true}, {"test", "actual", true}} {
		m.Class, m.Mark = x.class, x.mark
		s.Call.State = "idle"
		for i, says := range chips() {
			if says != x.says {
				t.Errorf("%s, %s: place %d says so: %v", x.class, x.mark, i, says)
			}
		}
	}
	m.Class, m.Mark = "substantive", "actual"
	s.Desk.Call.State = "ended"
	if said := s.Assert() + s.Polite(); strings.Contains(said, "..") {
		t.Errorf("a screen reader reads %q", said)
	}
}

// With no path the call key says that the line is down; what failed stands in the colour of a failure. A desk that is not in
// the call offers Join first and names the key that ends it for all; one on hold is not drawn as a good call. SPEC: PAG-024 PAG-094
func TestCallKeySaysWhatIsAmiss(t *testing.T) {
	key := func(c view.Call) string {
		s := sheet{Desk: fixtureIdle("aurelia", "borealia", "en")}
		s.Call = c
		return drawSheet(t, "call", s)
	}
	if down := key(view.Call{State: "ended", Word: "LINE DOWN", NoPath: true, Outcome: "failed", OutcomeWas: "Last call: failed", Acts: []string{"ring"}}); strings.Contains(down, "READY") || !strings.Contains(down, "No path carries") || !strings.Contains(down, "callkey ready down") || !strings.Contains(down, "outcome failed") {
		t.Errorf("a line that is down: %s", down)
	}
	apart := key(view.Call{State: "connected", Word: "CONNECTED", Elsewhere: true, At: "Lt Amaro has it, at north", Acts: []string{"join", "hang-up"}})
	if i, j := strings.Index(apart, `id="c-join"`), strings.Index(apart, "End for all"); i < 0 || j < i || strings.Contains(apart, `class="end"`) || strings.Contains(apart, "CONNECTED") || !strings.Contains(apart, "IN A CALL") || strings.Contains(apart, `class="key connected"`) {
		t.Errorf("a desk that is not in the call: %s", apart)
	}
	for _, c := range []view.Call{{Pauses: []view.Layer{{State: "held", Word: "ON HOLD"}}}, {TheyMuted: true}, {Mute: true}} {
		c.State, c.Acts = "connected", []string{"hang-up"}
		if strings.Contains(key(c), `class="key connected"`) {
			t.Errorf("drawn as a good call: %+v", c)
		}
	}
}
