// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/node"
	"example.org/parley/internal/view"
	"example.org/parley/verify"
)

// While a long record is read at a start, ring and STOP pass at once and every other verb says how far the start has
// come. What was said meanwhile is on record afterwards, and nothing that the other end holds is sent again for it.
// SPEC: NOD-009
func TestRingAndStopWaitForNoRecord(t *testing.T) {
	simulate(t, 71, func(w *world) {
		w.watch()
		a, b := w.sides[0], w.sides[1]
		for range 40 {
			a.must("send --kind information \"The convoy leaves at noon\"")
		}
		time.Sleep(10 * time.Second)
		a.stop()
		a.disk.read.Store(int64(100 * time.Millisecond))
		a.line = node.Open(a.config())
		defer a.line.Close()
		time.Sleep(300 * time.Millisecond)
		var e *hint.Error
		if _, err := a.do("inbox"); !errors.As(err, &e) || !e.Wait || !strings.Contains(e.What, "starting: ") || !strings.Contains(e.What, " of ") {
			t.Errorf("inbox at the start: %v", err)
		}
		if u := a.view().Unrecorded; !strings.Contains(u, "STARTING") {
			t.Errorf("the desk does not say that the node is starting: %+v", u)
		}
		a.arm(true)
		if r, err := a.do("ring"); err != nil {
			t.Errorf("ring at the start: %+v %v", r, err)
		}
		if r, err := a.do("stop"); err != nil {
			t.Errorf("STOP at the start: %+v %v", r, err)
		}
		time.Sleep(200 * time.Millisecond)
		if v := b.view(); len(v.Stops) != 1 || v.Call.State != "ringing-here" || v.Unrecorded != "" {
			t.Errorf("the other end sees %d STOPs, call %q, unrecorded %+v", len(v.Stops), v.Call.State, v.Unrecorded)
		}
		if a.view().Unrecorded == "" {
			t.Fatal("the start was over before it was looked at")
		}
		if err := a.line.Read(context.Background()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if v := b.view(); len(v.Stops) != 1 || v.Stops[0].Steps[1].State != "done" {
			t.Errorf("the STOP is not on record at the other end: %+v", v.Stops)
		}
		if n := strings.Count(w.logs.String(), "differs"); n > 0 {
			t.Error("a list of nothing was sent")
		}
	})
}

// A call while neither end can record anything is heard at both. SPEC: NOD-010
func TestACallThatNobodyRecordsIsHeard(t *testing.T) {
	simulate(t, 72, func(w *world) {
		w.watch()
		for _, s := range w.sides {
			s.disk.mood.Store(fails)
		}
		time.Sleep(3 * time.Second)
		w.sides[0].must("ring")
		time.Sleep(time.Second)
		w.sides[1].must("answer")
		time.Sleep(10 * time.Second)
		for _, s := range w.sides {
			v := s.view()
			if in := v.Call.In; v.Unrecorded == "" || in == nil || in.Lost != 0 || in.Frames < 450 {
				t.Errorf("%s: unrecorded %q, hears %+v", s.name, v.Unrecorded, in)
			}
		}
	})
}

// Without a record that can be read the line rings and carries STOP, unrecorded: the file is named at this end and both
// ends say so; once the file is gone the node goes on by itself.
// SPEC: NOD-010
func TestGarbledRecordLeavesTheLineInService(t *testing.T) {
	simulate(t, 73, func(w *world) {
		w.watch()
		time.Sleep(5 * time.Second)
		a, b := w.sides[0], w.sides[1]
		a.stop()
		db := filepath.Join(a.dir, "0", "record.db")
		if err := os.WriteFile(db, []byte(strings.Repeat("no record at all ", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
		a.line = node.Open(a.config())
		time.Sleep(5 * time.Second)
		var e *hint.Error
		if _, err := a.do("inbox"); !errors.As(err, &e) || e.Wait || strings.Contains(e.What, db) || !strings.Contains(e.Cause, db) || !strings.Contains(e.Hint, "move it away") {
			t.Errorf("inbox without a record: %+v", err)
		}
		if r, err := a.do("status"); err != nil || !strings.Contains(r.Text, "UNRECORDED HERE") || !strings.Contains(r.Text, "cannot be read") {
			t.Errorf("status: %q %v", r.Text, err)
		}
		screen, err := json.Marshal(a.view()) // SPEC: NOD-017
		if err != nil || !bytes.Contains(screen, []byte("the record cannot be read")) || bytes.Contains(screen, []byte("record.db")) || bytes.Contains(screen, []byte("sqlite")) {
			t.Errorf("an officer's screen must say in plain words that the record cannot be read, and no path or error of the store: %s %v", screen, err)
		}
		if v := b.view(); v.Unrecorded == "" || v.UnrecordedThere.IsZero() {
			t.Error("the other end does not say that nothing is recorded there")
		}
		a.arm(true)
		if _, err := a.do("stop"); err != nil {
			t.Error(err)
		}
		if _, err := a.do("ring"); err != nil {
			t.Error(err)
		}
		time.Sleep(200 * time.Millisecond)
		if v := b.view(); len(v.Stops) != 1 || v.Call.State != "ringing-here" {
			t.Errorf("the other end sees %d STOPs, call %q", len(v.Stops), v.Call.State)
		}
		if err := os.Remove(db); err != nil {
			t.Fatal(err)
		}
		if err := a.line.Read(context.Background()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if v := a.view(); v.Unrecorded != "" || len(v.Log) < 4 {
			t.Errorf("after the file was moved away: unrecorded %+v, %d statements", v.Unrecorded, len(v.Log))
		}
	})
}

// An export waits for a disk that is busy: it holds all, and the record is not thrown away for it.
// SPEC: STO-018
func TestAnExportWaitsForABusyDisk(t *testing.T) {
	simulate(t, 77, func(w *world) {
		w.watch()
		a := w.sides[0]
		for range 90 { // more than stays in memory
			a.must("send --kind information \"" + strings.Repeat("The convoy leaves at noon. ", 2200) + "\"")
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		a.stop()
		a.open()
		time.Sleep(time.Minute)
		r, err := a.act(act.Export)
		if err != nil {
			t.Fatal(err)
		}
		a.disk.read.Store(int64(20 * time.Millisecond))
		began := time.Now()
		var out bytes.Buffer
		if err := r.File(&out); err != nil {
			t.Fatal(err)
		}
		a.disk.read.Store(0)
		if took := time.Since(began); took < 3*time.Second {
			t.Fatalf("the disk was not busy: %v for %d MB", took, out.Len()>>20)
		}
		if got := verify.Verify(&out, verify.Expected{}).String(); !strings.HasPrefix(got, "HOLDS") {
			t.Error(got)
		}
		time.Sleep(10 * time.Second)
		if v := a.view(); v.Unrecorded != "" || len(w.alarms(a, "A16")) > 0 {
			t.Errorf("the record was thrown away for it: %q", v.Unrecorded)
		}
	})
}

// A statement that was altered on our disk is found by its signature after the start, named, and comes back from the
// other end; no alarm of ours rests on it meanwhile, and nothing else of the record is lost.
// SPEC: NOD-014
func TestAlteredRowIsFoundAfterTheStart(t *testing.T) {
	simulate(t, 75, func(w *world) {
		w.watch()
		a := w.sides[0]
		id := a.must("send --kind information \"The convoy leaves at noon\"")
		time.Sleep(10 * time.Second)
		a.stop()
		db := filepath.Join(a.dir, "0", "record.db")
		c, err := sqlite3.Open(db)
		if err != nil {
			t.Fatal(err)
		}
		const where = " WHERE kind = 1 AND instr(a, 'kind message.information')" // one letter of the signature changes
		if err := c.Exec("UPDATE row SET a = CAST(substr(a, 1, length(a) - 20) || CASE CAST(substr(a, length(a) - 19, 1) AS TEXT) WHEN 'A' THEN 'B' ELSE 'A' END || substr(a, length(a) - 18) AS BLOB)" + where); err != nil {
			t.Fatal(err)
		}
		if c.Changes() != 1 {
			t.Fatal("rows were altered: ", c.Changes())
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		a.open()
		time.Sleep(time.Minute)
		if s := w.logs.String(); !strings.Contains(s, "altered on the disk") {
			t.Error("the row is not named")
		}
		if n := len(w.alarms(a, "A9")); n != 0 {
			t.Errorf("A9 stands %d times", n)
		}
		if named := slices.ContainsFunc(a.view().Alarms, func(x alarm.Alarm) bool {
			return x.Name() == "A7/altered" && x.State == alarm.Raised && strings.Contains(x.Cause, id+":") && x.Count == 1
		}); !named {
			t.Errorf("no A7 names %s: %+v", id, a.view().Alarms)
		}
		for _, r := range a.view().Log {
			if r.ID == id && r.State == "held" {
				return
			}
		}
		t.Errorf("the statement %s did not come back: %+v\n%s", id, a.view().Log, w.logs.String())
	})
}

func (w *world) alarms(s *side, code string) (out []string) {
	for _, a := range s.view().Alarms {
		if a.ID == code {
			out = append(out, a.Name())
		}
	}
	return out
}

// An older copy of a record that came back, and a record that was gone at the start, are A7 at both ends, in words.
// SPEC: NOD-015 EXC-010 STO-017
func TestLostRecordAlarmsBothEnds(t *testing.T) {
	for name, lose := range map[string]func(a *side, kept string){
		"older copy": func(a *side, kept string) { copyFiles(a.w.t, kept, filepath.Join(a.dir, "0")) },
		"gone": func(a *side, _ string) {
			if err := os.Remove(filepath.Join(a.dir, "0", "record.db")); err != nil {
				a.w.t.Fatal(err)
			}
		},
		"empty": func(a *side, _ string) {
			if err := os.Truncate(filepath.Join(a.dir, "0", "record.db"), 0); err != nil {
				a.w.t.Fatal(err)
			}
		},
		"new disk": func(a *side, _ string) { a.life++ },
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, 77, func(w *world) {
				w.watch()
				a, b := w.sides[0], w.sides[1]
				time.Sleep(5 * time.Second)
				a.stop()
				kept := filepath.Join(a.dir, "kept")
				copyFiles(t, filepath.Join(a.dir, "0"), kept)
				a.open()
				time.Sleep(5 * time.Second)
				if l := append(w.alarms(a, "A7"), w.alarms(b, "A7")...); len(l) != 0 {
					t.Fatalf("before anything was lost: %v", l)
				}
				a.must("send --kind information \"The convoy leaves at noon\"")
				time.Sleep(5 * time.Second)
				a.stop()
				lose(a, kept)
				a.open()
				time.Sleep(20 * time.Second)
				for _, s := range w.sides {
					if !slices.Contains(w.alarms(s, "A7"), "A7/aurelia") {
						t.Errorf("%s: %v", s.name, w.alarms(s, "A7"))
					}
				}
				if l := w.alarms(a, "A7"); slices.Contains(l, "A7/record.db") != (name == "gone" || name == "empty") {
					t.Errorf("gone at the start: %v", l)
				}
				for _, r := range a.view().Alarms {
					if r.ID == "A7" && !strings.Contains(r.Cause, "own") && !strings.Contains(r.Cause, "private notes and sessions are lost") {
						t.Errorf("not in words: %q", r.Cause)
					}
				}
			})
		})
	}
}

// A copy of a node that states nothing and only rings is A7 at both ends, and at the copy, in words; it returns when the
// copy has gone.
// SPEC: NOD-015
func TestACopyThatOnlyRingsAlarmsBothEnds(t *testing.T) {
	for who, name := range names {
		t.Run(name, func(t *testing.T) {
			simulate(t, 79, func(w *world) {
				w.watch()
				time.Sleep(5 * time.Second)
				c := w.copyOf(w.sides[who])
				c.open()
				c.arm(true)
				time.Sleep(30 * time.Second)
				if len(c.view().Log) != len(w.sides[who].view().Log) {
					t.Fatal("the copy has stated something")
				}
				for _, s := range []*side{w.sides[0], w.sides[1], c} {
					if l := w.alarms(s, "A7"); !slices.Equal(l, []string{"A7/two " + name}) {
						t.Errorf("%s: %v", s.name, l)
					}
					for _, r := range s.view().Alarms { // since when, and where both come from: our own end has it from the other
						if r.ID == "A7" && (!strings.Contains(r.Cause, " since ") || !strings.Contains(r.Cause, at(0, who).Addr().String()) && !strings.Contains(r.Cause, at(1, who).Addr().String()) || !strings.Contains(r.Cause, at(0, c.who).Addr().String()) && !strings.Contains(r.Cause, at(1, c.who).Addr().String())) {
							t.Errorf("%s: %s", s.name, r.Cause)
						}
					}
				}
				c.stop()
				time.Sleep(90 * time.Second)
				for _, s := range w.sides {
					for _, r := range s.view().Alarms {
						if r.ID == "A7" && (r.State != alarm.Returned || !strings.Contains(r.Cause, "keys of "+name)) {
							t.Errorf("%s: %+v", s.name, r)
						}
					}
				}
			})
		})
	}
}

// A node that restarts all day is heard, and after a lost disk its newest FLASH does not wait behind its old logs.
// SPEC: NOD-008 EXC-004
func TestANodeThatRestartsSeventyTimesADayIsHeard(t *testing.T) {
	simulate(t, 78, func(w *world) {
		w.watch()
		a, b := w.sides[0], w.sides[1]
		for i := range 70 {
			a.stop()
			a.open()
			time.Sleep(time.Second) // the audit of the store is over: it and the writer do not wait for each other in simulated time
			a.must(fmt.Sprintf("send --kind information \"restart %d\"", i))
		}
		flash := a.must("send --kind warning --precedence FLASH \"Turn back\"")
		state := func(s *side) string {
			for _, r := range s.view().Log {
				if r.ID == flash {
					return r.State
				}
			}
			return ""
		}
		for range 50 {
			if time.Sleep(100 * time.Millisecond); state(a) == "held" {
				break
			}
		}
		if s := state(a); s != "held" {
			t.Errorf("after 70 restarts in a day the FLASH is %q", s)
		}
		if l := append(w.alarms(a, "A9"), w.alarms(b, "A9")...); len(l) != 0 {
			t.Errorf("%v", l)
		}
		time.Sleep(30 * time.Second)
		b.loseDisk()
		b.open()
		time.Sleep(5 * time.Second)
		if !slices.ContainsFunc(b.view().Messages, func(m view.Message) bool { return m.ID == flash }) {
			t.Error("the newest FLASH did not come first to a new disk")
		}
	})
}
