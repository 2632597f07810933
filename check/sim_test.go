// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/wire"
)

var began = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// pair is two machines beside one record each; statements cross while the line is up.
type pair struct {
	now    time.Time
	m      [2]*Machine
	have   [2][]*record.Entry // in order of arrival
	next   [2]int             // of the other's, handed over up to here
	up     bool
	off    [2]bool // node not running
	paths  map[string]bool
	person [2]string // answers wrong declines away
	reads  [2][]string
	ring   [2]bool
	calls  [2][]func()
	log    []string
	rnd    *rand.Rand
	own    [2]int
}

var daily = party.Schedule{Checks: []string{"09:00"}, Officer: 30}

var parties = [2]string{"aurelia", "borealia"}

func newPair() *pair {
	p := &pair{now: began, up: true, paths: map[string]bool{"1": true, "2": true}, rnd: rand.New(rand.NewSource(1)),
		person: [2]string{"answers", "answers"}, reads: [2][]string{{"en"}, {"ru", "it"}}}
	for i := range p.m {
		p.start(i)
	}
	return p
}

func (p *pair) start(i int) {
	p.m[i] = &Machine{Us: parties[i], Them: parties[1-i], IsPartyA: i == 0, From: began, Mark: "actual", Rand: p.rnd, Schedule: daily}
	p.ring[i], p.calls[i] = false, nil
	p.do(i, p.m[i].Paths([]string{"1", "2"}, p.now))
	for _, it := range p.items(i) {
		p.do(i, p.m[i].Stated(Fold(it, order{}), p.now))
	}
}

// order is the past of a record in which each end saw nothing of the other: only a log's own order.
type order struct{}

func (order) Before(a, b *record.Entry) bool { return a.Log.Party == b.Log.Party && a.Index < b.Index }

func itemOf(e *record.Entry) (party, id string, err error) {
	k, _ := statement.Find(Kinds, e.Kind)
	return k.ItemID(e)
}

func (p *pair) items(i int) []*record.Item {
	by := map[string]*record.Item{}
	var keys []string
	for _, e := range p.have[i] {
		party, id, err := itemOf(e)
		if err != nil {
			panic(err)
		}
		k := party + "#" + id
		if by[k] == nil {
			by[k] = &record.Item{Key: k}
			keys = append(keys, k)
		}
		by[k].Entries = append(by[k].Entries, e)
	}
	slices.Sort(keys)
	var out []*record.Item
	for _, k := range keys {
		out = append(out, by[k])
	}
	return out
}

func (p *pair) states(i int) (out []State) {
	for _, it := range p.items(i) {
		out = append(out, Fold(it, order{}))
	}
	return out
}

func (p *pair) do(i int, out Out) {
	for _, d := range out.Drafts {
		p.state(i, d)
	}
	live := func(path string) bool { return path != "" && p.up && p.paths[path] && !p.off[1-i] }
	if live(out.Over) {
		p.later(i, func() { p.do(i, p.m[i].Receipt(out.Over, p.now)) })
	}
	if live(out.Tone) {
		p.later(i, func() { p.do(i, p.m[i].Looped(Part{Path: out.Tone, Sent: 50, Back: 50, MS: 40, LevelDB: -12}, p.now)) })
	}
	if out.Stop {
		p.say(i, "states stop.sent")
		if p.up && !p.off[1-i] {
			p.later(i, func() { p.do(i, p.m[i].StopHeld("id", p.now)) })
		}
	}
	if out.Take != nil {
		p.say(i, "states stop.taken")
	}
	if out.Err != nil {
		p.say(i, "cannot: %v", out.Err)
	}
	p.ring[i] = p.m[i].Live(p.now).Ringing
}

func (p *pair) later(i int, f func()) { p.calls[i] = append(p.calls[i], f) }

func (p *pair) state(i int, d record.Draft) {
	b, err := wire.EncodeBody(d.Facts, [32]byte{1})
	if err != nil {
		panic(err)
	}
	e := record.NewEntry(record.Head{Log: &record.LogName{LogID: record.LogID{Party: parties[i]}}, Index: p.own[i], Kind: d.Kind, Class: d.Class, Mark: d.Mark, Time: p.now}, nil, b, nil)
	p.own[i]++
	if err := validate(e); err != nil {
		panic(err)
	}
	p.say(i, "states %s", d.Kind)
	p.later(i, func() { p.arrive(i, e) })
}

func (p *pair) say(i int, f string, a ...any) {
	p.log = append(p.log, p.now.Format("02 15:04:05 ")+parties[i]+" "+fmt.Sprintf(f, a...))
}

func (p *pair) arrive(i int, e *record.Entry) {
	p.have[i] = append(p.have[i], e)
	a, b, _ := itemOf(e)
	for _, it := range p.items(i) {
		if it.Key == a+"#"+b {
			p.do(i, p.m[i].Stated(Fold(it, order{}), p.now))
		}
	}
}

// run plays until a time, in steps of 5 s where something runs, else of a minute.
func (p *pair) run(until time.Time) {
	for p.now.Before(until) {
		d := time.Minute
		if p.m[0].cur != nil || p.m[1].cur != nil || len(p.calls[0])+len(p.calls[1]) > 0 {
			d = 5 * time.Second
		}
		p.now = p.now.Add(d)
		for i := range p.m {
			if p.off[i] {
				continue
			}
			todo := p.calls[i]
			p.calls[i] = nil
			for _, f := range todo {
				f()
			}
			p.cross(i)
			p.officer(i)
			p.do(i, p.m[i].Tick(p.now))
		}
	}
}

// cross hands over what the other end has stated.
func (p *pair) cross(i int) {
	if !p.up || p.off[1-i] {
		return
	}
	for _, e := range p.have[1-i] {
		if e.Log.Party == parties[1-i] && e.Index >= p.next[i] {
			p.next[i] = e.Index + 1
			p.arrive(i, e)
		}
	}
}

func (p *pair) officer(i int) {
	by := statement.Author{Officer: "aurelia/1.k7qx3m 1", Known: "account", Desk: "d1"}
	switch {
	case p.person[i] == "away":
	case p.ring[i] && p.person[i] == "declines":
		p.do(i, p.m[i].Decline(by, p.now))
	case p.ring[i]:
		p.do(i, p.m[i].AnswerRing(by, p.reads[i], p.now))
	case p.m[i].Live(p.now).Question != "":
		q, _ := FindQuestion(p.m[i].Live(p.now).Question)
		a := q.Answer
		if p.person[i] == "wrong" {
			a = map[string]string{"a": "b"}[a]
			if a == "" {
				a = "a"
			}
		}
		p.do(i, p.m[i].Answer(by, a, p.now))
	}
}

// days says the figures as one end has them.
func (p *pair) days(i int) Summary {
	return Days(p.states(i), daily, nil, began, p.now)
}

func (p *pair) outcomes(i int) string {
	var out []string
	for _, v := range p.days(i).Slots {
		out = append(out, strings.TrimSpace(v.Due.Format("02")+" "+v.Outcome+" "+strings.Join(v.Which, "+")))
	}
	return strings.Join(out, ", ")
}

func (p *pair) check(t *testing.T, want string) {
	t.Helper()
	for i := range p.m {
		if got := p.outcomes(i); got != want {
			t.Errorf("%s: %s\nwant %s\n%s", parties[i], got, want, strings.Join(p.log, "\n"))
		}
		if p.m[i].cur != nil {
			t.Errorf("%s still runs %+v", parties[i], p.m[i].cur.Parts)
		}
	}
}
