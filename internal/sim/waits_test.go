// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/link/linktest"
	"example.org/parley/internal/view"
	"example.org/parley/verify"
)

// flashOf gives a message of a desk by its ID, nil where it is not drawn.
func flashOf(v view.Desk, id string) *view.Message {
	for i := range v.Messages {
		if v.Messages[i].ID == id {
			return &v.Messages[i]
		}
	}
	return nil
}

// step moves a machine's wall clock to a year.
func (s *side) toYear(y int) {
	s.step.Store(int64(time.Until(time.Date(y, 11, 23, 7, 0, 0, 0, time.UTC))))
	time.Sleep(3 * time.Second) // its run ends, its sessions come anew
}

// A FLASH that nobody acknowledged stays on the desk however many newer messages there are, and whatever year its
// author's or the newer ones' clock says. Impossible times are drawn as such. SPEC: PAG-033 PAG-034
func TestWaitingFlashIsNeverCut(t *testing.T) {
	for _, c := range []struct{ flash, newer int }{{0, 0}, {0, 2038}, {2010, 0}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			simulate(t, 80, func(w *world) {
				w.watch()
				a, b := w.sides[0], w.sides[1]
				time.Sleep(2 * time.Second)
				if c.flash != 0 {
					b.toYear(c.flash)
				}
				id := b.must("send --precedence FLASH --kind warning Collision course")
				time.Sleep(time.Second)
				if c.newer != 0 {
					b.toYear(c.newer)
				}
				for i := range 60 {
					m := b.must(fmt.Sprintf("send --kind information Newer %d", i))
					time.Sleep(100 * time.Millisecond)
					a.must("ack " + m + " --read original")
				}
				time.Sleep(time.Second)
				v := a.view()
				m := flashOf(v, id)
				if m == nil || !m.Urgent || !slices.Contains(m.Acts, "ack") {
					t.Fatalf("the FLASH is not on the desk, or cannot be acknowledged: %+v", m)
				}
				if n := len(v.Messages); n > 45 {
					t.Errorf("%d messages are drawn", n)
				}
				if (m.Impossible != "") != (c.flash != 0) || (v.Messages[0].Impossible != "") != (c.flash+c.newer != 0) {
					t.Errorf("of %d: %q, of %d: %q", c.flash, m.Impossible, c.newer, v.Messages[0].Impossible)
				}
			})
		})
	}
}

// The record is listed as it arrived: sixty statements of the year 2097 do not stand on top for ever, at either end.
// SPEC: PAG-033 PAG-034
func TestRecordIsListedByArrival(t *testing.T) {
	simulate(t, 81, func(w *world) {
		w.watch()
		a, b := w.sides[0], w.sides[1]
		b.toYear(2097)
		for i := range 60 {
			b.must(fmt.Sprintf("send --kind information False %d", i))
		}
		stop := b.must("stop")
		time.Sleep(time.Second)
		b.toYear(2026)
		for i := range 41 {
			a.must(fmt.Sprintf("send --kind information True %d", i))
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(time.Second)
		for _, s := range w.sides {
			r, err := s.act(act.ReadLog{})
			if err != nil {
				t.Fatal(err)
			}
			rows := r.Data.(view.Desk).Log
			if len(rows) != 40 || rows[0].Kind != "message.information" || rows[0].Note != "" {
				t.Errorf("%s lists %d statements, the first %+v", s.name, len(rows), rows[0])
			}
			r, _ = s.act(act.ReadLog{Last: 100})
			if all := r.Data.(view.Desk).Log; !strings.Contains(all[99].Note, "2097") {
				t.Errorf("%s draws a statement of 2097 as %+v", s.name, all[99])
			}
			if v := s.view(); len(v.Stops) != 1 || v.Stops[0].ID != stop || v.Stops[0].Impossible == "" {
				t.Errorf("%s: %+v", s.name, v.Stops)
			}
		}
	})
}

// The record is read page by page to its beginning, each statement once, and searched by words, person, kind and dates.
// SPEC: PAG-055
func TestRecordIsReadPageByPageAndSearched(t *testing.T) {
	simulate(t, 83, func(w *world) {
		w.watch()
		a, b := w.sides[0], w.sides[1]
		for i := range 57 {
			a.must(fmt.Sprintf("send Convoy %d", i))
		}
		b.must("send --phrase IS_THIS_YOURS object=drone place=54.20N18.40E")
		b.must("stop --reason test --place Gdynia")
		time.Sleep(time.Second)
		read := func(q act.ReadLog) (rows []view.LogRow, pages int) {
			for pages = 1; ; pages++ {
				r, err := a.act(q)
				if err != nil {
					t.Fatal(err)
				}
				d := r.Data.(view.Desk)
				rows = append(rows, d.Log...)
				if d.Older == "" {
					return rows, pages
				}
				q.Before = d.Older
			}
		}
		all, _ := read(act.ReadLog{Last: 1000})
		rows, pages := read(act.ReadLog{Last: 7})
		once := map[string]bool{}
		for _, r := range rows {
			once[r.ID] = true
		}
		if len(all) < 63 || len(rows) != len(all) || len(once) != len(all) || pages < len(all)/7 {
			t.Errorf("%d statements are read on %d pages as %d, %d different", len(all), pages, len(rows), len(once))
		}
		day := time.Now().UTC().Format("2006-01-02")
		for what, q := range map[string]act.ReadLog{
			"a word in another case": {Words: "CONVOY 33"}, "a phrase, in words": {Words: "drone yours"}, "a place": {Words: "gdynia"}, "a kind": {Kind: "stop"},
			"an ID": {Words: "B1-2"}, "a day and words": {From: day, To: day, Words: "convoy 12"},
		} {
			q.Last = 7
			if rows, _ := read(q); len(rows) != 1 {
				t.Errorf("%s finds %d: %+v", what, len(rows), rows)
			}
		}
		if rows, _ := read(act.ReadLog{Person: "amaro", Kind: "message", Last: 20}); len(rows) != 57 {
			t.Errorf("a person has %d messages", len(rows))
		}
		if rows, _ := read(act.ReadLog{Kind: "traffic", Last: 20}); len(rows) != 59 {
			t.Errorf("%d of the line's traffic", len(rows))
		}
		if rows, _ := read(act.ReadLog{To: "2020-01-01"}); len(rows) != 0 {
			t.Errorf("before the line: %+v", rows)
		}
		if _, err := a.act(act.ReadLog{From: "yesterday"}); err == nil {
			t.Error("a date that is none is taken")
		}
		var out bytes.Buffer
		r, err := a.act(act.Export)
		if err != nil || r.File(&out) != nil {
			t.Fatal(err)
		}
		if own, err := a.act(act.Verify); err != nil || own.Text != verify.Verify(&out, verify.Expected{}).String() {
			t.Errorf("the check of the record here differs from that of its export: %+v %v", own, err)
		}
	})
}

// Nothing stands below what it answers, whichever came first. SPEC: PAG-033
func TestReplyStandsAboveWhatItAnswers(t *testing.T) {
	simulate(t, 82, func(w *world) {
		w.watch()
		a, b := w.sides[0], w.sides[1]
		time.Sleep(2 * time.Second)
		q := a.must("send --kind question Whose is it?")
		time.Sleep(time.Second)
		b.toYear(2010)
		r := b.must("send --kind answer --reply-to " + q + " Ours")
		time.Sleep(time.Second)
		for _, s := range w.sides {
			v := s.view()
			if len(v.Messages) != 2 || v.Messages[0].ID != r || v.Messages[0].ReplyTo != q {
				t.Errorf("%s: %v", s.name, seeMessages(v, w, ""))
			}
		}
	})
}

// Three hundred FLASH that nobody saw are one alarm with a count; the line that goes down then is alarmed all the same.
// SPEC: ALM-008
func TestManyOverdueDropNoAlarm(t *testing.T) {
	simulate(t, 83, func(w *world) {
		w.watch()
		a, b := w.sides[0], w.sides[1]
		for i := range 300 {
			b.must(fmt.Sprintf("send --precedence FLASH --kind warning Number %d", i))
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(40 * time.Second)
		for p := range 2 {
			w.net.cut(p, linktest.Both)
		}
		time.Sleep(45 * time.Second)
		for _, s := range w.sides {
			v := s.view()
			see := strings.Join(seeAlarms(v, w, ""), ", ")
			for _, id := range []string{"A1 raised", "A11/path 1 raised", "A4/borealia raised"} {
				if !strings.Contains(see, id) {
					t.Errorf("%s: no %s among %s", s.name, id, see)
				}
			}
			if n := strings.Count(see, "A4"); n != 1 {
				t.Errorf("%s: %d rows of one cause", s.name, n)
			}
			i := slices.IndexFunc(v.Alarms, func(a alarm.Alarm) bool { return a.ID == "A4" })
			if !strings.Contains(v.Alarms[i].Cause, "300") {
				t.Errorf("%s: %s", s.name, v.Alarms[i].Cause)
			}
		}
		v := a.view()
		if n := len(v.Messages); n != 40 || !strings.Contains(v.More, "260 more messages") || flashOf(v, "B1-2") == nil {
			t.Errorf("%d messages; %q", n, v.More)
		}
	})
}

// An alarm that was acknowledged is raised again when more joins it. SPEC: ALM-009
func TestAcknowledgedAlarmRisesWithMore(t *testing.T) {
	simulate(t, 84, func(w *world) {
		w.watch()
		a, b := w.sides[0], w.sides[1]
		b.must("send --precedence FLASH --kind warning One")
		time.Sleep(40 * time.Second)
		a.must("alarm ack A4/borealia")
		time.Sleep(10 * time.Second)
		if got := strings.Join(seeAlarms(a.view(), w, ""), " "); got != "A4/borealia acknowledged" {
			t.Fatal(got)
		}
		b.must("send --precedence FLASH --kind warning Two")
		time.Sleep(40 * time.Second)
		if got := strings.Join(seeAlarms(a.view(), w, ""), " "); got != "A4/borealia raised" {
			t.Error(got)
		}
	})
}

// Who turns his microphone off in a call is named as muted at the far end, and no longer once it is on. SPEC: PAG-048
func TestADeskThatIsMutedIsNamedSoAtTheFarEnd(t *testing.T) {
	simulate(t, 84, func(w *world) {
		w.watch()
		a, b := w.sides[0], w.sides[1]
		time.Sleep(2 * time.Second)
		muted := func(sound string) bool {
			if _, err := a.act(act.SetDesk{Armed: true, Sound: sound}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			return b.view().Call.TheyMuted
		}
		if muted(act.Muted) {
			t.Error("muted without a call")
		}
		a.must("ring")
		time.Sleep(time.Second)
		b.must("answer")
		time.Sleep(time.Second)
		if !b.view().Call.TheyMuted || a.view().Call.TheyMuted || a.view().Header.NoSound != "" {
			t.Errorf("%+v %+v", b.view().Call, a.view().Header)
		}
		if muted("ok") {
			t.Error("still muted")
		}
	})
}
