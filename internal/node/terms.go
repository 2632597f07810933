// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/message"
	"example.org/parley/party"
	"example.org/parley/service"
	"example.org/parley/statement"
	"example.org/parley/wire"
	"example.org/parley/words"
)

var termsActs = []handler{on((*Line).termsShow, act.TermsShow), on((*Line).termsPropose), on((*Line).termsAccept, act.TermsAccept)}

// genesisTerms are those that the line began with.
func (l *Line) genesisTerms() party.Terms {
	t, err := party.ParseTerms(l.cfg.Terms)
	if err != nil {
		t = party.DefaultTerms()
	}
	t.Schedule, t.Fallback = l.cfg.Schedule, l.cfg.Fallback
	t.Policy.Due = l.cfg.Due
	return t
}

// proposals are those of terms on record, in the order in which they came.
func (l *Line) proposals() (out []service.Proposal) {
	for _, s := range l.items.lists["terms"] {
		if it, _ := l.item(s.key); it != nil {
			if p := service.FoldTerms(it, l.rec.Told); p.Entry != nil {
				out = append(out, p)
			}
		}
	}
	return out
}

// agree takes note of what the parties have agreed on since the genesis: checks go by it from its time on, and what waits is
// looked at again.
func (l *Line) agree() {
	partyA := l.cfg.Them.Name
	if l.cfg.IsPartyA {
		partyA = l.cfg.Us.Name
	}
	chain := service.Chain(l.proposals(), wire.Sum(party.Bare(l.cfg.Terms)), partyA)
	was := l.chain()
	l.agreed.Store(&chain)
	l.checks.m.Schedule, l.checks.states = l.schedule(), nil
	if slices.EqualFunc(was, chain, func(a, b service.Proposal) bool { return a.Terms == b.Terms && a.From.Equal(b.From) }) {
		return
	}
	var waits []string
	for _, s := range l.items.open["message"] {
		waits = append(waits, s.key)
	}
	l.touch(waits...)
}

// chain are the changes of the terms that were agreed on. Any goroutine may ask.
func (l *Line) chain() []service.Proposal {
	if c := l.agreed.Load(); c != nil {
		return *c
	}
	return nil
}

// terms are those in force at an instant. SPEC: TRM-006
func (l *Line) terms(t time.Time) party.Terms {
	if p := service.InForce(l.chain(), t); p != nil {
		return p.New
	}
	return l.genesisTerms()
}

// schedule is when the line is checked, by the terms of each time.
func (l *Line) schedule() party.Schedule {
	s := l.cfg.Schedule
	for _, p := range l.chain() {
		s.Changes = append(s.Changes, party.Change{From: p.From, Schedule: p.New.Schedule})
	}
	return s
}

// dueOf are the clocks that the terms of a message change. SPEC: TRM-005
func (l *Line) dueOf(s message.State, past statement.Past) map[string]map[string]int {
	if s.Begin != nil {
		if p := service.For(l.chain(), s.Begin, past); p != nil {
			return p.New.Policy.Due
		}
	}
	return l.cfg.Due
}

// dues are those of messages whose terms are not the genesis', by their key.
func (l *Line) dues(ms []message.State) map[string]map[string]map[string]int {
	if len(l.chain()) == 0 {
		return nil
	}
	out := map[string]map[string]map[string]int{}
	for _, m := range ms {
		out[m.Key] = l.dueOf(m, l.rec)
	}
	return out
}

// termsShow answers with the terms in force and with every proposal that may yet hold.
func (l *Line) termsShow(who act.Who, lang string, a act.Plain) (act.Reply, error) {
	in, now := l.input(who.Desk), l.terms(l.now)
	parties := []string{l.cfg.Us.Name, l.cfg.Them.Name}
	lines := func(t party.Terms) []string {
		return strings.Split(strings.TrimRight(t.Describe(lang, parties...), "\n"), "\n")
	}
	have := lines(now)
	in.Terms = append([]string{words.T(lang, "terms.now")}, have...)
	chain := l.chain()
	for _, p := range l.proposals() {
		key := "terms.open"
		switch {
		case slices.ContainsFunc(chain, func(c service.Proposal) bool { return c.Entry.Leaf == p.Entry.Leaf }):
			key = "terms.agreed"
		case p.Agreed():
			key = "terms.passed"
		case !p.From.After(l.now):
			key = "terms.late"
		}
		in.Terms = append(in.Terms, "", words.T(lang, key, l.rec.Short(p.Entry), p.Party, view.When(lang, p.From, l.now)))
		changed := slices.DeleteFunc(lines(p.New), func(line string) bool { return slices.Contains(have, line) })
		if len(changed) == 0 && strings.HasSuffix(in.Terms[len(in.Terms)-1], ":") {
			changed = []string{words.T(lang, "terms.same")}
		}
		in.Terms = append(in.Terms, changed...)
	}
	return l.asked(in, lang, a)
}

// termsPropose proposes the terms that stand at the end of what is agreed, changed as he says.
func (l *Line) termsPropose(who act.Who, _ string, a act.TermsPropose) (act.Reply, error) {
	t, replaces := l.genesisTerms(), wire.Sum(party.Bare(l.cfg.Terms))
	if c := l.chain(); len(c) > 0 {
		last := c[len(c)-1]
		t, replaces = last.New, last.Hash()
	}
	was, _ := t.Encode([32]byte{})
	if err := change(&t, a, l.cfg.Us.Name); err != nil {
		return act.Reply{}, err
	}
	if now, err := t.Encode([32]byte{}); err == nil && bytes.Equal(was, now) {
		return act.Reply{}, hint.New("say what is to change: parley terms propose --help", "this changes nothing: the terms say so already")
	}
	var salt [32]byte
	if _, err := io.ReadFull(l.cfg.Rand, salt[:]); err != nil {
		return act.Reply{}, fmt.Errorf("couldn't draw the salt of the terms: %w", err)
	}
	b, err := t.Encode(salt)
	if err != nil {
		return act.Reply{}, hint.New("see: parley terms propose --help", "%v", err)
	}
	terms, phones, _ := strings.Cut(string(b), "\n")
	f := service.Proposal{Terms: terms, Fallback: phones, Replaces: replaces.String(), From: a.From, By: l.author(who)}
	return l.reply(service.ProposeDraft(l.cfg.Us.Name, f, l.mark(""), l.now))
}

// change puts what a person wants changed into terms.
func change(t *party.Terms, a act.TermsPropose, us string) error {
	if len(a.Checks) > 0 {
		t.Schedule.Checks = slices.Sorted(slices.Values(a.Checks))
	}
	if a.Officer > 0 {
		t.Schedule.Officer = a.Officer
	}
	t.Schedule.Changes = nil
	if len(a.Fallback) > 0 {
		t.Fallback = maps.Clone(t.Fallback)
		if t.Fallback == nil {
			t.Fallback = map[string][]string{}
		}
		t.Fallback[us] = a.Fallback
	}
	due := map[string]map[string]int{}
	for p, steps := range t.Policy.Due {
		due[p] = maps.Clone(steps)
	}
	for k, v := range a.Due {
		p, step, _ := strings.Cut(k, ".")
		sec, err := strconv.Atoi(v)
		if err != nil {
			return hint.New("as: --due FLASH.acknowledged=60", "%q is no number of seconds", v)
		}
		if p = strings.ToUpper(p); due[p] == nil {
			due[p] = map[string]int{}
		}
		due[p][step] = sec
	}
	t.Policy.Due = due
	if len(a.Release) > 0 {
		t.Policy.Release = slices.DeleteFunc(slices.Clone(a.Release), func(s string) bool { return s == "none" })
	}
	for k, v := range a.Seal {
		hours, err := strconv.Atoi(v)
		if err != nil {
			return hint.New("as: --seal readout=48, --seal readout=0", "%q is no number of hours", v)
		}
		if t.Policy.Seal = maps.Clone(t.Policy.Seal); t.Policy.Seal == nil {
			t.Policy.Seal = map[string]int{}
		}
		if t.Policy.Seal[k] = hours; hours == 0 {
			delete(t.Policy.Seal, k)
		}
	}
	if a.Record != "" {
		t.Policy.Record = a.Record == "on"
	}
	return nil
}

func (l *Line) termsAccept(who act.Who, _ string, a act.Item) (act.Reply, error) {
	e, err := l.find(a.ID)
	if err != nil {
		return act.Reply{}, err
	}
	p, _ := fold[service.Proposal](l, l.rec.ItemOf(e))
	if p.Entry == nil {
		return act.Reply{}, hint.New("see: parley terms show", "%s proposes no terms", a.ID)
	}
	return l.reply(service.AcceptDraft(l.cfg.Us.Name, p, l.author(who), l.now))
}
