// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"example.org/parley/claim"
	"example.org/parley/contact"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/record"
	"example.org/parley/verify"
	"example.org/parley/words"
)

// claimTries is how often a claim is worked out anew because something was stated meanwhile.
const claimTries = 5

// claimed states a claim and gives the file that goes with it.
func (l *Line) claimed(who act.Who, lang string, a act.ClaimAsk) (act.Reply, error) {
	q, _, err := l.window(a.Since)
	if err != nil {
		return act.Reply{}, err
	}
	return l.claiming(a.Figures, q.Since.Earliest(), func(m claim.Claim) (act.Reply, error) {
		m.By = l.author(who)
		return l.stateClaim(m, nil, lang)
	})
}

// claiming works figures out, all where none is named, and lets state what says them. They are worked out beside the loop, of
// what the loop has listed, and stated only if nothing was stated meanwhile.
//
// SPEC: CLM-002 CLM-003
func (l *Line) claiming(only []string, since time.Time, state func(claim.Claim) (act.Reply, error)) (act.Reply, error) {
	if since.IsZero() {
		return act.Reply{}, hint.New("as: --since 2026-03-01", "a claim says since when it counts")
	}
	if ev := l.rec.Evidence(); len(ev) > 0 {
		return act.Reply{}, hint.New("see: parley verify", "the record holds evidence against a key of %s: no claim of it would hold", ev[0].Against)
	}
	figures := claim.Figures
	if len(only) > 0 {
		figures = slices.DeleteFunc(slices.Clone(figures), func(f string) bool { return !slices.Contains(only, f) })
	}
	l.tx.draw = func(ctx context.Context, _ bool) (r act.Reply, err error) {
		for range claimTries {
			var w claimWork
			if err = l.between(ctx, func() { w = l.claimWork(figures, since) }); err != nil {
				return r, err
			}
			var m claim.Claim
			if m, err = w.work(); err != nil {
				return r, err
			}
			stated := false
			r, err = l.step(ctx, func() (act.Reply, error) {
				if stated = l.rec.Len() == w.rec && l.priv.Len() == w.priv; !stated {
					return act.Reply{}, nil
				}
				return state(m)
			})
			if stated || err != nil {
				return r, err
			}
		}
		return r, hint.New("ask again in a minute", "so much is being stated that no claim could be worked out")
	}
	return act.Reply{}, nil
}

// claimWork is what a claim is worked out of, beside the loop.
type claimWork struct {
	line      claim.Sides
	rebuild   func() (*record.Record, error)
	private   []contact.State
	rec, priv int
	figures   []string
	since, at time.Time
}

func (l *Line) claimWork(figures []string, since time.Time) claimWork {
	w := claimWork{line: claim.Sides{Us: l.cfg.Us.Name, Them: l.cfg.Them.Name, First: l.cfg.Us.Name, Terms: l.cfg.Terms, Alone: l.cfg.Alone}, rebuild: verify.Rebuild(l.cfg.options(false), l.rec),
		rec: l.rec.Len(), priv: l.priv.Len(), figures: figures, since: since, at: l.cfg.Now().UTC().Truncate(time.Second)}
	if !l.cfg.IsPartyA {
		w.line.First = l.cfg.Them.Name
	}
	for _, key := range l.priv.Items() {
		if s := contact.Fold(l.priv.Item(key), l.priv); s.Contact != nil || s.Request != nil {
			w.private = append(w.private, s)
		}
	}
	return w
}

// work works the figures out, and refuses those that cannot be claimed.
func (w claimWork) work() (m claim.Claim, err error) {
	copied, err := w.rebuild()
	if err != nil {
		return m, err
	}
	if e := copied.Void(); e != nil {
		return m, hint.New("see: parley verify", "the record holds use of a stolen key, %s: no claim of it would hold", e.Place())
	}
	m, unknown := claim.Work(copied, w.line, w.figures, w.since, w.at, nil)
	for _, f := range w.figures {
		if where, is := unknown[f]; is {
			return m, hint.New("leave it out: --figure names those that are claimed", "the figure %s cannot be known: what it reads of %s is not here", f, where)
		}
	}
	if len(w.private) == 0 {
		return m, nil
	}
	whole, _ := claim.Work(copied, w.line, w.figures, w.since, w.at, w.private)
	for _, f := range w.figures {
		if m.Figure(f) != whole.Figure(f) {
			return m, hint.New("state it for both sides too, or leave the figure out: --figure names those that are claimed", "the figure %s would be another with what we have noted for ourselves alone: it is not claimed", f)
		}
	}
	return m, nil
}

// stateClaim states a claim with every log that is held here in its past: over several statements where one has no room for all.
func (l *Line) stateClaim(m claim.Claim, opinion *record.Text, lang string) (act.Reply, error) {
	d, err := claim.PressDraft(l.cfg.Us.Name, claim.KindMade, m, opinion)
	if err != nil {
		return act.Reply{}, err
	}
	for range record.MaxSeen {
		e, err := l.state(d)
		if err != nil {
			return act.Reply{}, err
		}
		past := l.rec.Past(e)
		past[e.Log.LogID]++
		if slices.ContainsFunc(l.rec.Logs(), func(g *record.Log) bool { return g.Size > past[g.Name.LogID] }) {
			continue
		}
		write := verify.WriteClaim(l.cfg.GenesisText, l.cfg.Terms, l.cfg.Sheets, l.rec, e, m.Claimed())
		id := l.rec.Short(e)
		return act.Reply{ID: id, Text: fmt.Sprintf(words.Say(lang, "%s claims: %s"), id, strings.Join(m.Claimed(), ", ")), File: func(w io.Writer) error {
			defer debug.FreeOSMemory()
			return write(w)
		}}, nil
	}
	return act.Reply{}, hint.New("ask again in a minute", "one statement cannot name all logs that are held here")
}
