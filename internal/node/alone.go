// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"io"
	"strings"
	"time"

	"example.org/parley/check"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/link"
	"example.org/parley/internal/store"
	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/service"
	"example.org/parley/statement"
	"example.org/parley/verify"
	"example.org/parley/wire"
	"example.org/parley/words"
)

// absent is the Link of a line alone: nobody is there, nothing is sent, nothing comes. SPEC: ALN-010
type absent chan link.Event

func nobody(link.Config) (Link, error) { return make(absent), nil }

func (s absent) Events() <-chan link.Event              { return s }
func (absent) Signal(byte, []byte)                      {}
func (absent) SignalOn(int, byte, []byte)               {}
func (absent) Repeat(string, byte, [][]byte)            {}
func (absent) Done(string)                              {}
func (absent) SendStream([]byte) bool                   { return false }
func (absent) SendFrame(uint16, byte, uint32, []byte)   {}
func (absent) SetAges(time.Duration, time.Duration)     {}
func (absent) Paths() []wire.PathState                  { return nil }
func (absent) Heard() (run string, _ time.Time, _ bool) { return "", time.Time{}, false }
func (absent) Regreet(string)                           {}
func (absent) Close(string) error                       { return nil }

// refuseAlone refuses what needs the other party at the line. SPEC: ALN-011
func (l *Line) refuseAlone(a act.Act) error {
	if !l.cfg.Alone || act.RuleOf(a)&act.Both == 0 {
		return nil
	}
	alone := hint.New("", "this line is alone: %s has no node on it", l.cfg.Them.Name)
	switch head, _, _ := strings.Cut(a.Verb(), "."); head {
	case "send":
		return alone.Way("state what you tell them elsewhere: parley contact add; the other party joins with: parley pair SHEET")
	case "request":
		return alone.Way("state what was sought elsewhere and what became of it: parley request record, parley request outcome; the other party joins with: parley pair SHEET")
	case "terms":
		return alone.Way("the terms change when the other party joins: parley pair SHEET")
	}
	return alone.Way("ring them by the ordinary telephone and note it: parley check note, parley call note; the other party joins with: parley pair SHEET")
}

// stopAlone says of a STOP that it stands here only. SPEC: ALN-012
func (l *Line) stopAlone(lang string) string {
	said := words.T(lang, "alone.stop", l.cfg.Them.Name)
	if n := l.terms(l.now).Fallback[l.cfg.Them.Name]; len(n) > 0 {
		return said + " " + words.T(lang, "alone.telephone", l.cfg.Them.Name, strings.Join(n, ", "))
	}
	return said
}

// joining is the taking in of what was stated before the line, as far as it has come. Owned by the loop.
type joining struct {
	todo []*record.Entry           // yet to be stated anew, in the order in which they were stated
	now  map[record.Ref]record.Ref // what has been, by what it was
	left int                       // stays behind: it names what is not stated anew
}

// readAlone reads the record of the time alone, which nobody writes any more. It takes as long as the disk.
func readAlone(c *Config) (*record.Record, error) {
	o := c.options(false)
	r, s := record.New(o), store.New(c.DB, c.Store)
	defer s.Close()
	if err := s.Reopen(); err != nil {
		return nil, err
	}
	return r, s.Replay(func(row store.Row) error {
		if row.Kind != store.KindEntry {
			return nil
		}
		x, err := o.Check(row.A, row.B, row.C)
		if err == nil {
			_, err = r.AddChecked(x)
		}
		return err
	})
}

// join reads what was stated before the line, beside the loop, and takes it in. SPEC: ALN-025
func (l *Line) join() {
	if l.cfg.Before == nil {
		return
	}
	l.recalls = true
	go func() {
		r, err := readAlone(l.cfg.Before)
		if err != nil {
			l.log.Error("couldn't read the record of the time alone", "err", err)
			l.post(func() { l.recalls = false })
			l.cfg.After(joinAgain, func() { l.post(l.join) })
			return
		}
		tests, were := l.testsBefore(r), officersOf(r)
		l.post(func() {
			l.were = were
			l.begun(r, tests)
		})
	}()
}

// joinAgain is when a record of the time alone that could not be read is tried again.
const joinAgain = 10 * time.Second

// officersOf gives the names of the officers of a record, by place: who stated anew what they had stated is called by these.
func officersOf(r *record.Record) map[string]string {
	var items []*record.Item
	for _, key := range r.Items() {
		items = append(items, r.Item(key))
	}
	names := map[string]string{}
	for _, o := range register.Build(items).Officers {
		names[o.Place.String()] = o.Name
		for _, e := range o.Was {
			names[e.Place().String()] = o.Name
		}
	}
	return names
}

// testsBefore are the figures, which are added to nothing, of the tests of the time alone, up to its last statement.
func (l *Line) testsBefore(r *record.Record) *check.Summary {
	var tests []check.State
	var away []service.State
	for _, key := range r.Items() {
		if it := r.Item(key); it.Begin != nil && statement.About(it.Begin.Kind) == "line" {
			if s := service.Fold(it); s.Begin != nil {
				away = append(away, s)
			}
		}
	}
	var from, to time.Time
	for _, g := range r.Logs() {
		for _, e := range r.Entries(g.Name.LogID, 0) {
			if to = e.Time; from.IsZero() {
				from = e.Time.Truncate(time.Second)
			}
			if e.Kind == check.KindNoted && r.ItemOf(e) != "" {
				tests = append(tests, check.Fold(r.Item(r.ItemOf(e)), r))
			}
		}
	}
	f := check.Tests(tests, l.cfg.Before.Schedule, func(t time.Time) string { return service.Away(away, t) }, from, to)
	return &f
}

// begun finds what the record of the line does not hold yet of what was stated before it.
func (l *Line) begun(r *record.Record, tests *check.Summary) {
	j := &joining{now: map[record.Ref]record.Ref{}}
	has := map[wire.Hash]record.Ref{}
	for _, g := range l.rec.Logs() {
		if g.Name.Party != l.cfg.Us.Name {
			continue
		}
		for _, e := range l.rec.Entries(g.Name.LogID, 0) {
			if b := statement.BeforeOf(e); b != nil && e.Inert == "" {
				if _, twice := has[b.Leaf]; !twice {
					has[b.Leaf] = e.Ref()
				}
			}
		}
	}
	for _, g := range r.Logs() {
		for _, e := range r.Entries(g.Name.LogID, 0) {
			if !statement.Carried(e.Kind) || e.Inert != "" || r.ItemOf(e) == "" {
				continue
			}
			if is, done := has[e.Leaf]; done {
				j.now[e.Ref()] = is
			} else {
				j.todo = append(j.todo, e)
			}
		}
	}
	l.joining, l.before, l.dirty, l.recalls = j, tests, true, false
}

// carryOn states some of it, while the store works; people's statements go between. SPEC: ALN-025
func (l *Line) carryOn() {
	j := l.joining
	for n := 0; j != nil && len(j.todo) > 0 && n < maxSorted && l.disk.dead == nil; n++ {
		e := j.todo[0]
		d, ok, err := statement.Anew(e, j.now)
		var is *record.Entry
		if ok && err == nil {
			is, err = l.state(d)
		}
		switch {
		case errors.Is(err, errDiskFull):
			return
		case is != nil:
			j.now[e.Ref()] = is.Ref()
		default:
			j.left++
			l.log.Warn("a statement of the time alone stays behind", "kind", e.Kind, "place", e.Place(), "err", err)
		}
		if j.todo = j.todo[1:]; len(j.todo) == 0 {
			l.log.Info("what was stated before the line is on its record", "behind", j.left)
		}
	}
}

// exportAlone gives the record of the time alone as a file. SPEC: ALN-028
func (l *Line) exportAlone(who act.Who, lang string, a act.Plain) (act.Reply, error) {
	c := l.cfg.Before
	switch {
	case l.cfg.Alone:
		return l.export(who, lang, a)
	case c == nil:
		return act.Reply{}, hint.New("its whole record: parley export FILE", "this line was never alone")
	}
	return act.Reply{Text: words.Say(lang, "the record of the time alone"), File: func(w io.Writer) error {
		r, err := readAlone(c)
		if err != nil {
			return err
		}
		all := func(*record.Entry) bool { return true }
		none := func(*record.Entry) bool { return false }
		return verify.FromRecord(c.GenesisText, c.Terms, c.Sheets, r, all, none)(w)
	}}, nil
}
