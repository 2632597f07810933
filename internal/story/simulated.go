// SPDX-License-Identifier: Apache-2.0

package story

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"example.org/parley/call"
	"example.org/parley/check"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/home"
	"example.org/parley/internal/link"
	"example.org/parley/internal/link/linktest"
	"example.org/parley/internal/node"
	"example.org/parley/internal/store"
	"example.org/parley/internal/verbs"
	"example.org/parley/internal/view"
	"example.org/parley/party"
	"example.org/parley/record"
	"example.org/parley/verify"
	"example.org/parley/wire"
	"example.org/parley/words"
)

// Simulated is a Stage on a time of its own: two nodes in this process, with homes and records on the disk, and nothing
// between them that takes time. Its clock stands still while the nodes have something to do and skips the time in which
// nothing is due. Nobody speaks in it: a call has no sound.
type Simulated struct {
	Dir string    // where the homes are made
	Log io.Writer // where the nodes' logs go

	account  string // of officers who are given none; "": that of their party's name
	exercise bool   // what is stated is marked so

	ctx     context.Context // of the play
	begins  time.Time
	clock   clock
	between linktest.Direct
	sides   []*side
	next    time.Time // when the nodes are to have their next tick
	looked  time.Time // when the officers looked at their desks last
	moved   time.Time // when they pressed a key there last
}

// side is one of its parties.
type side struct {
	name     string
	home     *home.Line
	line     *node.Line
	ticks    chan time.Time
	desks    map[string]act.Who // by the name under which the story speaks of them: us, us/Reyes
	accounts map[string]string  // of its officers, by their names
	answers  bool               // its officer answers the checks
	due      time.Time          // of a line alone, when its officer tests the telephone next
}

// Simulate plays a story in a directory and tells each question as it is answered. What the two parties hold at its end
// stays there: a home each, and the record as one of them exports it.
//
// SPEC: CLI-048
func Simulate(ctx context.Context, dir string, log io.Writer, f *File, tell func(QuestionLine)) (err error) {
	s := &Simulated{Dir: dir, Log: log, ctx: ctx, begins: f.Begins}
	defer func() { err = errors.Join(err, s.close()) }()
	var homes [2]*home.Line
	for i, name := range f.played() {
		c := home.DefaultConfig(name, i)
		c.Demo, c.Paths = true, nil
		for n := range 2 { // where the two find each other if their homes are served later
			c.Paths = append(c.Paths, home.Path{Label: fmt.Sprint(n + 1), Bind: fmt.Sprintf("127.0.0.%d:%d", n+1, 7443+10*i)})
		}
		h := home.Home{Dir: filepath.Join(dir, name)}
		if f.Alone {
			homes[i], err = h.InitAlone(lineName, c, f.Parties[1], rand.Reader)
		} else {
			homes[i], err = h.Init(lineName, c, rand.Reader)
		}
		if err != nil {
			return err
		}
	}
	if err := s.play(f, homes, tell); err != nil {
		return err
	}
	_, err = s.save(s.sides[0], act.Who{}, lineName+".parley", act.Export)
	return err
}

// play plays a story in two homes that are not paired yet.
func (s *Simulated) play(f *File, homes [2]*home.Line, tell func(QuestionLine)) error {
	if err := s.open(f, homes); err != nil {
		return err
	}
	_, err := (&Script{Stage: s, Parties: f.Parties, Begins: f.Begins, Alone: f.Alone, Answered: tell}).Play(s.ctx, f.Text)
	return err
}

// open pairs the homes and starts the nodes.
func (s *Simulated) open(f *File, homes [2]*home.Line) error {
	s.clock.now = f.Begins
	s.between = linktest.Direct{Paths: []string{"1", "2"}, Now: s.clock.Now}
	for i, name := range f.played() {
		h := homes[i]
		if f.Alone {
			h = h.Alone
		}
		s.sides = append(s.sides, &side{name: name, home: h, ticks: make(chan time.Time), desks: map[string]act.Who{}, accounts: map[string]string{}, answers: slices.Contains(f.answers, name)})
	}
	if !f.Alone {
		if err := pairHomes(homes[0], homes[1]); err != nil {
			return err
		}
	}
	for i, p := range s.sides {
		if err := s.start(i, p); err != nil {
			return err
		}
	}
	for _, p := range s.sides {
		if err := p.line.Read(s.ctx); err != nil {
			return err
		}
	}
	s.Settle()
	return nil
}

// pairHomes does what two officers do with sheets and numbers.
func pairHomes(a, b *home.Line) error {
	if err := errors.Join(a.SetTheirs(b.Ours.Note, false), b.SetTheirs(a.Ours.Note, false)); err != nil {
		return err
	}
	if !a.IsPartyA() {
		a, b = b, a
	}
	var secret [4][32]byte // a salt, the tag's key, and what each party adds
	for i := range secret {
		if _, err := rand.Read(secret[i][:]); err != nil {
			return err
		}
	}
	terms, err := a.Config.Terms.Encode(secret[0])
	if err != nil {
		return err
	}
	g, err := party.NewGenesis(a.Name, a.Sheets(), [2][32]byte(secret[2:]), secret[1], terms)
	if err == nil {
		err = errors.Join(g.SignNext(a.Keys.Sign), g.SignNext(b.Keys.Sign))
	}
	if err != nil {
		return err
	}
	return errors.Join(a.SetGenesis(g.Note, terms, secret[1]), b.SetGenesis(g.Note, terms, secret[1]))
}

// start opens a side's node on the story's clock.
func (s *Simulated) start(i int, p *side) error {
	c, err := node.Of(p.home, slog.New(slog.NewTextHandler(s.Log, nil)).With("node", p.name))
	if err != nil {
		return err
	}
	c.Demo, c.Now, c.Ticks, c.After, c.Store = s.exercise, s.clock.Now, p.ticks, s.clock.After, store.Options{Reserve: -1}
	c.Boot = func() time.Duration { return s.clock.Now().Sub(s.begins) }
	if !c.Alone {
		c.Link = func(lc link.Config) (node.Link, error) { return s.between.Open(i, lc), nil }
	}
	p.line = node.Open(c)
	return nil
}

func (s *Simulated) close() (err error) {
	for _, p := range s.sides {
		if p != nil && p.line != nil {
			err = errors.Join(err, p.line.Close())
		}
	}
	return err
}

// Settle waits until both nodes have dealt with all that happened, the disks included.
func (s *Simulated) Settle() {
	quiet := false
	for tries := 0; !quiet && s.ctx.Err() == nil; tries++ {
		quiet, s.next = true, time.Time{}
		before := s.between.Moved()
		for _, p := range s.sides {
			still, next := p.line.Rest()
			if quiet = quiet && still; s.next.IsZero() || next.Before(s.next) {
				s.next = next
			}
		}
		if quiet = quiet && s.between.Moved() == before; !quiet && tries < 50 {
			runtime.Gosched()
		} else if !quiet { // a disk is at work
			time.Sleep(100 * time.Microsecond)
		}
	}
}

// Wait lets the time pass until that long after the beginning, from one instant at which something is due to the next.
func (s *Simulated) Wait(since time.Duration) {
	to := s.begins.Add(since)
	for s.ctx.Err() == nil {
		s.Settle()
		now := s.clock.Now()
		due := s.clock.due()
		switch {
		case due != nil:
			due()
			continue
		case !now.Before(s.next):
			for _, p := range s.sides {
				p.ticks <- now
			}
			continue
		case s.stay(now) || s.look(now) || s.test(now):
			continue
		case !now.Before(to):
			return
		}
		s.clock.to(to, s.next)
	}
}

// stayEvery is how often whoever is signed on presses a key: before he is asked whether he is still there.
const stayEvery = 50 * time.Minute

// stay keeps the officers present; false where none needs it.
func (s *Simulated) stay(now time.Time) (did bool) {
	if now.Sub(s.moved) < stayEvery {
		return false
	}
	s.moved = now
	for _, p := range s.sides {
		for _, who := range p.desks {
			_, err := p.line.Do(s.ctx, who, "en", act.SignOn{Officer: who.Officer})
			did = did || err == nil
		}
	}
	return did
}

// lookEvery is how often an officer looks at his desk while the line does something.
const lookEvery = time.Second

// look lets the officers who answer the checks do so; false where none has anything to answer.
func (s *Simulated) look(now time.Time) (did bool) {
	if s.next.Sub(now) >= lookEvery || now.Sub(s.looked) < lookEvery {
		return false
	}
	s.looked = now
	for _, p := range s.sides {
		who, here := p.desks[p.name]
		if !p.answers || !here {
			continue
		}
		reply := act.CheckConfirm{}
		switch v := p.line.View("en", who.Desk); {
		case v.Check.Question != nil:
			q, _ := check.FindQuestion(v.Check.Question.ID)
			reply.Answer = q.Answer
		case v.Check.State != "running" || v.Call.State != call.RingingHere:
			continue
		}
		_, err := p.line.Do(s.ctx, who, "en", reply)
		did = did || err == nil
	}
	return did
}

// test lets the officer of a line alone who answers test the telephone when that is due; false where it is not.
func (s *Simulated) test(now time.Time) (did bool) {
	for _, p := range s.sides {
		who, here := p.desks[p.name]
		if !p.answers || !here || !p.home.Genesis.Alone() || now.Before(p.due) {
			continue
		}
		if !p.due.IsZero() {
			_, err := p.line.Do(s.ctx, who, "en", act.CheckNote{Outcome: check.Outcomes[0]})
			did = did || err == nil
		}
		p.due = p.line.View("en", who.Desk).Check.Due
	}
	return did
}

// at gives a side and who sits at a desk of it; whoever is named after the party's name signs on when he is first named.
func (s *Simulated) at(name string) (*side, act.Who, error) {
	of, officer, second := strings.Cut(name, "/")
	i := slices.IndexFunc(s.sides, func(p *side) bool { return p.name == of })
	if i < 0 {
		return nil, act.Who{}, fmt.Errorf("there is no party %q here", of)
	}
	p := s.sides[i]
	who, here := p.desks[name]
	if here || !second {
		return p, cmp.Or(who, act.Who{Desk: name, Account: cmp.Or(s.account, p.name), Keeper: true}), nil
	}
	for _, full := range slices.Sorted(maps.Keys(p.accounts)) {
		if slices.Contains(strings.Fields(full), officer) {
			err := s.signOn(p, name, act.Who{Desk: name, Account: p.accounts[full]}, act.SignOn{Officer: full})
			return p, p.desks[name], err
		}
	}
	return nil, act.Who{}, hint.New("enrol him: officer add NAME", "%s has no officer %q", of, officer)
}

// signOn signs an officer on at a desk, which is armed as long as he is there.
func (s *Simulated) signOn(p *side, desk string, who act.Who, a act.SignOn) error {
	r, err := p.line.Do(s.ctx, who, "en", a)
	if err != nil {
		return err
	}
	who.Officer, who.Known = r.ID, "account"
	p.desks[desk] = who
	_, err = p.line.Do(s.ctx, who, "en", act.SetDesk{Armed: true, Sound: "ok"})
	return err
}

// cutLang cuts off the language in which a line is to be answered: English, unless it ends in --lang.
func cutLang(line string) (rest, lang string) {
	rest, lang, _ = strings.Cut(line, " --lang ")
	return rest, words.Lang(lang)
}

func (s *Simulated) act(name, line string) (r act.Reply, err error) {
	p, who, err := s.at(name)
	if err != nil {
		return r, err
	}
	line, lang := cutLang(line)
	argv, err := verbs.Split(line)
	if err != nil {
		return r, err
	}
	a, err := verbs.Parse(argv, s.clock.Now())
	if err != nil {
		return r, err
	}
	file := ""
	switch x := a.(type) {
	case act.SignOn:
		return r, s.signOn(p, name, who, x)
	case act.PressDraft:
		file = filepath.Join(s.Dir, filepath.Base(x.File))
	case act.PressRelease:
		file = filepath.Join(s.Dir, filepath.Base(x.File))
		page, err := os.ReadFile(file)
		if err != nil {
			return r, hint.New("parley statement draft FILE makes one", "the draft cannot be read: %v", err)
		}
		x.Page = string(page)
		a = x
	}
	if r, err = p.line.Do(s.ctx, who, lang, a); err == nil && file != "" {
		err = home.WriteFrom(file, r.File)
	}
	if o, is := a.(act.OfficerAdd); is && err == nil {
		p.accounts[o.Name] = cmp.Or(o.Account, who.Account)
	}
	if a == act.SignOff && err == nil {
		delete(p.desks, name)
	}
	return r, err
}

// Do is of Stage.
func (s *Simulated) Do(name, line string) (string, error) {
	r, err := s.act(name, line)
	return r.ID, err
}

// Ask is of Stage: what a verb answers, or what is found in a file that stands beside the homes.
func (s *Simulated) Ask(name, line string) ([]string, error) {
	p, who, err := s.at(name)
	if err != nil {
		return nil, err
	}
	out := ""
	switch f := strings.Fields(line); {
	case f[0] == "export" && len(f) == 2:
		out, err = s.save(p, who, f[1], act.Export)
	case f[0] == "claim" && len(f) == 4 && f[1] == "--since":
		out, err = s.save(p, who, f[3], act.ClaimAsk{Since: f[2]})
	case f[0] == "read" && len(f) == 2:
		out, err = s.verify(filepath.Join(s.Dir, filepath.Base(f[1])), nil, func(rep verify.Report, sound *record.Record) string {
			var b strings.Builder
			_ = view.Read(rep, sound).Draw(&b, false) // it goes into memory
			return b.String()
		})
	case f[0] == "verify" && (len(f) == 2 || len(f) == 4 && f[2] == "--expect"):
		out, err = s.verify(filepath.Join(s.Dir, filepath.Base(f[1])), f[min(3, len(f)):], func(rep verify.Report, _ *record.Record) string { return rep.String() })
	default:
		var r act.Reply
		r, err = s.act(name, line)
		out = r.Text
	}
	if out = strings.TrimSpace(out); out == "" {
		return nil, err
	}
	return strings.Split(out, "\n"), err
}

// save writes the file that is the answer to an act.
func (s *Simulated) save(p *side, who act.Who, name string, what act.Act) (string, error) {
	r, err := p.line.Do(s.ctx, who, "en", what)
	if err == nil {
		err = home.WriteFrom(filepath.Join(s.Dir, filepath.Base(name)), r.File)
	}
	return r.Text, err
}

// verify judges a file for who says what was found of it.
func (s *Simulated) verify(path string, expect []string, say func(verify.Report, *record.Record) string) (string, error) {
	var want verify.Expected
	for _, h := range expect {
		var err error
		if want.Party, err = wire.ParseHash(h); err != nil {
			return "", err
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return "", hint.New("? PARTY export FILE makes one", "the export cannot be read: %v", err)
	}
	defer f.Close()
	return say(verify.Open(f, want)), nil
}

// Name is of Stage: NAME.hash is the party hash of a party.
func (s *Simulated) Name(_, name string) (string, error) {
	of, what, _ := strings.Cut(name, ".")
	for _, p := range s.sides {
		if p.name == of && what == "hash" {
			return p.home.Ours.PartyHash().String(), nil
		}
	}
	return "", fmt.Errorf("nothing is called $%s", name)
}

// Change is of Stage: who answers the checks is known since the file was read.
func (s *Simulated) Change(f []string) (map[string]string, error) {
	if f[0] != "operators" {
		return nil, fmt.Errorf("nothing here does %s", f[0])
	}
	return nil, nil
}
