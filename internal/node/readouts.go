// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"slices"
	"time"

	"example.org/parley/contact"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/readout"
	"example.org/parley/record"
	"example.org/parley/service"
	"example.org/parley/statement"
)

var readoutActs = []handler{on((*Line).readoutFile), on((*Line).readoutStep), on((*Line).readoutExcept)}

// readouts are those on record, with their versions.
func (l *Line) readouts() []*readout.Readout {
	l.settled()
	return readout.Versions(states[*readout.Readout](l, l.keys("readout")), l.counts, l.rec)
}

// counts gives the statement as which a contact counts: each side may have stated it, and corrected it since.
//
// SPEC: RDO-010
func (l *Line) counts(about record.Ref) record.Ref {
	if c := l.book.Contact(about.Place); c != nil {
		return c.Entry.Ref()
	}
	return about
}

// unseals is when the bodies of a sealed readout go whatever the other side does, by the terms of its time.
func (l *Line) unseals(e *record.Entry) time.Time {
	t := l.genesisTerms()
	if p := service.For(l.chain(), e, l.rec); p != nil {
		t = p.New
	}
	return e.Time.Add(time.Duration(t.Policy.Seal["readout"]) * time.Hour)
}

// allUnseal gives that time of each of these, by its place.
func (l *Line) allUnseal(list []*readout.Readout) map[string]time.Time {
	out := map[string]time.Time{}
	for _, r := range list {
		out[r.Entry.Place().String()] = l.unseals(r.Entry)
	}
	return out
}

// released reports whether the bodies of a readout of ours may be sent.
func (l *Line) released(r *readout.Readout) bool {
	l.book.Settle(l.register(), l.rec) // what is not sorted yet comes with the next step
	return r.Released(states[*readout.Readout](l, l.items.lists["readout"]), l.counts, l.unseals(r.Entry), l.now)
}

// withheld reports whether the bodies of a statement stay here for now. What has not been sorted yet does.
//
// SPEC: RDO-008
func (l *Line) withheld(e *record.Entry) bool {
	if !e.Sealed() || e.Log.Party != l.cfg.Us.Name || e.Receipt != nil {
		return false
	}
	r, _ := fold[*readout.Readout](l, l.rec.ItemOf(e))
	return r == nil || !l.released(r)
}

// tickSeals offers the bodies of our sealed readouts that are released, once a stream until they are held.
func (l *Line) tickSeals() {
	for _, r := range states[*readout.Readout](l, l.items.open["readout"]) {
		if e := l.rec.At(r.Entry.Place()); e != nil && l.released(r) {
			l.x.Release(e)
		}
	}
}

// subject is the beginning of the contact or call that a readout is about, by the ID of any statement of it.
func (l *Line) subject(id string) (*record.Entry, error) {
	e, err := l.findAny(id)
	if err != nil {
		return nil, err
	}
	it, _ := l.item(l.rec.ItemOf(e))
	if it != nil && it.Begin != nil && (it.Begin.Kind == contact.KindMade || l.items.listOf(it.Key) == "call") {
		return it.Begin, nil
	}
	return nil, hint.New("see: parley contacts, parley calls", "%s is neither a contact nor a call", id)
}

// readoutFile files our account of a contact; where we have filed one before, this is its next version.
func (l *Line) readoutFile(who act.Who, lang string, a act.ReadoutFile) (act.Reply, error) {
	about, err := l.subject(a.ID)
	if err != nil {
		return act.Reply{}, err
	}
	f := readout.Readout{Lang: cmp.Or(a.Lang, lang), By: l.author(who)}
	for _, s := range a.Points {
		p, no := readout.ReadPoint(s)
		err, f.Points = statement.First(err, no), append(f.Points, p)
	}
	if err != nil {
		return act.Reply{}, err
	}
	var before *readout.Readout
	for _, r := range l.readouts() {
		if r.Party == l.cfg.Us.Name && r.About == l.counts(about.Ref()) && r.Later == nil {
			before = r
		}
	}
	kind := readout.KindFiled
	if !l.cfg.Alone && l.terms(l.now).Policy.Seal["readout"] > 0 && !about.Log.Private {
		kind = readout.KindSealed
	}
	d, err := readout.FiledDraft(l.cfg.Us.Name, kind, about.Ref(), before, f, about.Mark)
	return l.stateOwn(d, err, !about.Log.Private, lang)
}

// readout finds the readout of a short ID: of itself or of any step of it.
func (l *Line) readout(id string) (*readout.Readout, error) {
	e, err := l.findAny(id)
	if err != nil {
		return nil, err
	}
	if r, _ := fold[*readout.Readout](l, l.rec.ItemOf(e)); r != nil {
		return r, nil
	}
	return nil, hint.New("see: parley readouts", "%s is not a readout", id)
}

// readoutStep publishes our readout, or states whom one was shown to.
//
// SPEC: RDO-003
func (l *Line) readoutStep(who act.Who, lang string, a act.ReadoutStep) (act.Reply, error) {
	n := names{l: l}
	f := readout.Step{To: a.To, By: l.author(who)}
	if a.On != "" {
		w := n.happened(a.On)
		f.On = &w
	}
	r, err := l.readout(a.ID)
	if err = statement.First(err, n.err); err != nil {
		return act.Reply{}, err
	}
	if o := l.register().OfficerAt(f.By.Officer); a.Step == "publish" && (o == nil || !o.Releases() || f.By.Officer == r.By.Officer) {
		return act.Reply{}, hint.New("another officer who may release publishes it: parley officer add NAME --releaser", "a readout is published by a second person")
	}
	return l.afterReadout(r, a.Step, f, lang)
}

func (l *Line) readoutExcept(who act.Who, lang string, a act.ReadoutExcept) (act.Reply, error) {
	r, err := l.readout(a.ID)
	if err != nil {
		return act.Reply{}, err
	}
	return l.afterReadout(r, "except", readout.Step{Point: a.Point, Text: a.Text, Lang: cmp.Or(a.Lang, lang), By: l.author(who)}, lang)
}

// afterReadout states what followed a readout, where that stands.
func (l *Line) afterReadout(r *readout.Readout, step string, f readout.Step, lang string) (act.Reply, error) {
	d, err := readout.StepDraft(l.cfg.Us.Name, step, r, f)
	return l.stateOwn(d, err, !r.Entry.Log.Private, lang)
}

// readoutsAsked answers with what the two sides say of contacts, side by side.
func (l *Line) readoutsAsked(who act.Who, lang string, a act.Readouts) (act.Reply, error) {
	in, list := l.input(who.Desk), l.readouts()
	var of record.Ref
	if a.ID != "" {
		if r, no := l.readout(a.ID); no == nil {
			of = l.counts(r.About)
		} else if e, err := l.subject(a.ID); err == nil {
			of = l.counts(e.Ref())
		} else {
			return act.Reply{}, err
		}
	}
	q, ev, err := l.window(a.Since)
	if err != nil {
		return act.Reply{}, err
	}
	in.About = l.settled().All()
	in.Readouts = slices.DeleteFunc(list, func(r *readout.Readout) bool {
		if a.ID != "" && r.About != of {
			return true
		}
		return a.Since != "" && l.dated(r, in.About).Side(q.Begin()) == statement.SideBefore
	})
	in.Unseals = l.allUnseal(in.Readouts)
	in.ContactsSince, in.ContactsFrom, in.Points, in.OnlyShown = ev, a.Since, a.Points, a.Shown
	return l.asked(in, lang, a)
}

// dated is when what a readout is about was.
func (l *Line) dated(r *readout.Readout, contacts []*contact.Contact) statement.When {
	for _, c := range contacts {
		if c.Entry.Leaf == r.About.Leaf {
			return c.When
		}
	}
	if e := l.rec.ByRef(r.About); e != nil {
		return statement.At(e.Time)
	}
	return statement.At(r.Entry.Time)
}
