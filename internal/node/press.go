// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"example.org/parley/claim"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
	"example.org/parley/words"
)

// maxListed is how many statements for the press are listed, the newest.
const maxListed = 10

// maxDrafts is how many of the newest drafts a page is compared with.
const maxDrafts = 50

// pressDraft drafts a statement for the press in our private log, and gives the page that the second officer reads.
//
// SPEC: PRS-003
func (l *Line) pressDraft(who act.Who, lang string, a act.PressDraft) (act.Reply, error) {
	q, _, err := l.window(a.Since)
	n := names{l: l}
	with := n.posts(a.With)
	if err = statement.First(err, n.err); err != nil {
		return act.Reply{}, err
	}
	return l.claiming(a.Figures, q.Since.Earliest(), func(m claim.Claim) (act.Reply, error) {
		m.By, m.Press = l.author(who), &claim.Press{With: with}
		for i, place := range with {
			if m.Contacts == nil || !slices.ContainsFunc(*m.Contacts, func(p claim.Spoken) bool { return p.Ours == place || p.Theirs == place }) {
				return act.Reply{}, hint.New("see: parley post list", "%s has no counterpart whose contacts could be claimed", a.With[i])
			}
		}
		d, err := claim.PressDraft(l.cfg.Us.Name, claim.KindDrafted, m, free(a.Opinion, a.Lang, lang))
		if err != nil {
			return act.Reply{}, err
		}
		r, err := l.statePrivate(d, lang)
		if err != nil {
			return r, err
		}
		e, err := l.priv.Find(r.ID)
		if err != nil {
			return r, err
		}
		page := l.draftPage(e, m, lang)
		return act.Reply{ID: r.ID, Text: page, File: func(w io.Writer) error {
			_, err := io.WriteString(w, page)
			return err
		}}, nil
	})
}

// sentences are what a claim of ours says.
func (l *Line) sentences(m claim.Claim, lang string) []string {
	return m.Sentences(lang, claim.Sides{Us: l.cfg.Us.Name, Them: l.cfg.Them.Name, Alone: l.cfg.Alone}, l.rec)
}

// draftPage is how a draft reads, the same whenever it is drawn.
func (l *Line) draftPage(e *record.Entry, m claim.Claim, lang string) string {
	var b strings.Builder
	fmt.Fprintln(&b, words.T(lang, "press.draft", l.priv.Short(e), l.called(m.By), e.Time.UTC().Format("2006-01-02 15:04Z")))
	for _, s := range l.sentences(m, lang) {
		fmt.Fprintf(&b, "  %s: %s\n", words.T(lang, "press.checked"), s)
	}
	if t, wrong := claim.Opinion(e); t != nil && !wrong {
		fmt.Fprintf(&b, "  %s: %s\n", words.T(lang, "press.opinion"), t.Text)
	}
	fmt.Fprintln(&b, words.T(lang, "press.how"))
	return b.String()
}

// drafted finds the draft that reads as a page does.
func (l *Line) drafted(page string) (e *record.Entry, m claim.Claim, err error) {
	for _, s := range slices.Backward(newest(l.keys("press"), maxDrafts)) {
		it, _ := l.item(s.key)
		if it == nil || it.Begin == nil {
			continue
		}
		m, here, err := statement.Read[claim.Claim](it.Begin)
		if err == nil && here && slices.ContainsFunc(words.Langs(), func(lang string) bool { return l.draftPage(it.Begin, m, lang) == page }) {
			return it.Begin, m, nil
		}
	}
	return nil, m, hint.New("draft it anew: parley statement draft FILE --since WHEN", "this page is not what a draft says: it was changed, or an office has another name since")
}

// pressRelease makes a claim of a draft, if the record still says what it says.
//
// SPEC: PRS-004
func (l *Line) pressRelease(who act.Who, lang string, a act.PressRelease) (act.Reply, error) {
	e, was, err := l.drafted(a.Page)
	if err == nil {
		err = l.mayRelease(who, was.By)
	}
	if err != nil {
		return act.Reply{}, err
	}
	return l.claiming(was.Claimed(), was.Since, func(m claim.Claim) (act.Reply, error) {
		m.Press = &claim.Press{Draft: e.Leaf, By: &was.By, With: was.Press.With}
		if old, now := claim.Otherwise(l.sentences(was, lang), l.sentences(m, lang)); old != now {
			return act.Reply{}, hint.New("draft it anew: parley statement draft FILE --since WHEN", "the record does not say %q any more; it says now: %q", old, now)
		}
		opinion, _ := claim.Opinion(e)
		m.By = l.author(who)
		if o := l.register().OfficerAt(m.By.Officer); o != nil && o == l.register().OfficerAt(was.By.Officer) {
			m.Press.By = &m.By // stated anew meanwhile, he is no second one
		}
		return l.stateClaim(m, opinion, lang)
	})
}

// mayRelease says why somebody may not release what another drafted.
func (l *Line) mayRelease(who act.Who, drafter statement.Author) error {
	if !slices.Contains(l.terms(l.now).Policy.Release, "press") {
		return nil
	}
	me, reg := l.author(who), l.register()
	o, d := reg.OfficerAt(me.Officer), reg.OfficerAt(drafter.Officer)
	switch {
	case o == nil || !o.Releaser:
		return hint.New("another officer who may release does it: parley officer add NAME --releaser", "by the terms of this line a statement for the press is released by an officer who may release")
	case d == nil || o.Entry == d.Entry || me.Desk == drafter.Desk && who.Account == d.Account:
		return hint.New("another officer who may release does it, at another desk or from another account", "by the terms of this line a statement for the press is released by a second person")
	}
	return nil
}

// pressList answers with what was released for the press and what is drafted and not released, the newest first.
//
// SPEC: PRS-008
func (l *Line) pressList(who act.Who, lang string, a act.Plain) (act.Reply, error) {
	in := l.input(who.Desk)
	type found struct {
		view.PressText
		e *record.Entry
	}
	var list []found
	released := map[wire.Hash]bool{}
	for _, s := range append(slices.Clone(newest(l.keys("press"), maxDrafts)), newest(l.keys("claim"), maxDrafts)...) {
		it, r := l.item(s.key)
		if it == nil || it.Begin == nil || it.Begin.Log.Party != l.cfg.Us.Name {
			continue
		}
		e := it.Begin
		m, here, err := statement.Read[claim.Claim](e)
		if err != nil || !here || m.Press == nil {
			continue
		}
		x := found{view.PressText{ID: r.Short(e), Checked: l.sentences(m, lang), Draft: e.Log.Private}, e}
		at := e.Time.UTC().Format("2006-01-02 15:04Z")
		if x.Draft {
			x.Head = words.T(lang, "press.drafted", l.called(m.By), at)
		} else {
			released[m.Press.Draft] = true
			x.Head = words.T(lang, "press.released", l.called(*m.Press.By), l.called(m.By), at)
		}
		if t, wrong := claim.Opinion(e); t != nil && !wrong {
			x.Opinion, x.OpinionLang = t.Text, t.Lang
		}
		list = append(list, x)
	}
	slices.SortStableFunc(list, func(x, y found) int { return y.e.Time.Compare(x.e.Time) })
	for _, x := range list {
		if !(x.Draft && released[x.e.Leaf]) && len(in.Press) < maxListed {
			in.Press = append(in.Press, x.PressText)
		}
	}
	return l.asked(in, lang, a)
}

// called is how the person behind a statement is called.
func (l *Line) called(by statement.Author) string {
	if o := l.register().OfficerAt(by.Officer); o != nil {
		return o.Name
	}
	return by.Officer
}
