// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/verify"
)

// press plays what a spokesman and who releases for him do.
type press struct {
	*side
	other act.Who
}

// answer is what a verb answers.
func (s *side) answer(line string) string {
	s.w.t.Helper()
	r, err := s.do(line)
	if err != nil {
		s.w.t.Fatal(err)
	}
	return r.Text
}

func (p press) draft(opinion string) string {
	p.w.t.Helper()
	r, err := p.act(act.PressDraft{Since: "2022-01-01", Opinion: opinion})
	if err != nil {
		p.w.t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.File(&b); err != nil || b.String() != r.Text || !strings.Contains(r.Text, r.ID) {
		p.w.t.Errorf("the draft's file is not what is answered: %v\n%s", err, r.Text)
	}
	return r.Text
}

func (p press) release(who act.Who, page string) (rep verify.Report, err error) {
	r, err := p.line.Do(context.Background(), who, "en", act.PressRelease{Page: page})
	if err != nil {
		return rep, err
	}
	var b bytes.Buffer
	if err := r.File(&b); err != nil {
		return rep, err
	}
	return verify.Verify(&b, verify.Expected{}), nil
}

func (p press) refused(who act.Who, page, why string) {
	p.w.t.Helper()
	if _, err := p.release(who, page); err == nil || !strings.Contains(hint.Of(err).What, why) || hint.Of(err).Hint == "" {
		p.w.t.Errorf("not refused because %q: %v", why, err)
	}
}

// TestStatementForThePress: a draft stays here until it is released; what the record does not say any more is refused by its
// sentence, and so is a page that was changed.
//
// SPEC: PRS-003 PRS-004 PRS-005 PRS-008
func TestStatementForThePress(t *testing.T) {
	simulate(t, 91, func(w *world) {
		w.watch()
		a, b := w.sides[0], w.sides[1]
		p := press{side: a}
		time.Sleep(2 * time.Second)
		ours := a.must(`post add Minister --org ministry --level 1 --name it=Ministro`)
		time.Sleep(time.Second)
		theirs := b.must("post add Secretary --org ministry --level 1 --pair " + ours)
		time.Sleep(time.Second)
		a.must("contact add call --when 2022-02-18 --basis own --with " + ours + " --with " + theirs)
		time.Sleep(time.Second)
		page := p.draft("We hope that they answer.")
		for _, want := range []string{"DRAFT", "by Lt Amaro", "checked: Since ", "the line was never used for substance, on this record, as of T.", "opinion, not checked: We hope that they answer.",
			"checked: The last contact between “Minister” (aurelia) and “Secretary” (borealia) was a call, on 18 February 2022, by the word of aurelia alone."} {
			if !strings.Contains(page, want) {
				t.Errorf("the draft does not say %q:\n%s", want, page)
			}
		}
		time.Sleep(2 * time.Second)
		for _, l := range []string{"find hope", "log --kind claim"} {
			if r, err := b.do(l); err != nil || strings.Contains(r.Text, "hope") || strings.Contains(r.Text, "A1-") {
				t.Errorf("the other side reads a draft: %s %v", r.Text, err)
			}
		}
		if list := a.answer("statement list"); !strings.HasPrefix(list, "DRAFT, by Lt Amaro, ") || !strings.Contains(list, "  checked: Since ") || !strings.Contains(list, "  opinion, not checked: We hope that they answer.") {
			t.Errorf("the list does not have the draft:\n%s", list)
		}
		p.refused(a.desk, strings.Replace(page, "hope", "know", 1), "this page is not what a draft says")
		rep, err := p.release(a.desk, page)
		if err != nil || rep.Verdict != verify.Holds || rep.Claim.Press == nil || rep.Claim.Press.Two || rep.Claim.Press.Opinion.Text != "We hope that they answer." || len(rep.Claim.Press.Sentences) != 7 {
			t.Fatalf("%v %s", err, rep)
		}
		for _, s := range rep.Claim.Press.Sentences {
			if !strings.Contains(page, "  checked: "+s+"\n") {
				t.Errorf("%q was not drafted", s)
			}
		}
		time.Sleep(2 * time.Second)
		if r, err := b.do("find hope"); err != nil || !strings.Contains(r.Text, "hope") {
			t.Errorf("what was released is not on the other side's record: %s %v", r.Text, err)
		}
		if list := a.answer("statement list"); strings.Contains(list, "DRAFT") || !strings.HasPrefix(list, "drafted by Lt Amaro, released by Lt Amaro, ") {
			t.Errorf("the list does not have what was released:\n%s", list)
		}
		r, err := a.line.Do(context.Background(), a.desk, "it", act.PressDraft{Since: "2022-01-01", Opinion: "Restiamo in ascolto."})
		if err != nil || !strings.Contains(r.Text, "“Ministro” (aurelia)") {
			t.Fatal(r.Text, err)
		}
		a.must("officer edit \"Lt Amaro\" --langs it")
		a.must("sign-on")
		if rep, err := p.release(a.desk, r.Text); err != nil || rep.Verdict != verify.Holds || rep.Claim.Press.Two || rep.Claim.Press.Opinion.Lang != "it" {
			t.Errorf("a page in Italian, of an officer who was stated anew: %v %s", err, rep)
		}
		page = p.draft("")
		a.must("send --kind question Whose is it?")
		p.refused(a.desk, page, "never used for substance")
		if _, err := a.act(act.PressDraft{Since: "2022-01-01", With: []string{"Nobody"}}); err == nil {
			t.Error("a draft about nobody")
		}
		if _, err := a.act(act.PressDraft{}); err == nil {
			t.Error("a draft since nothing")
		}
	})
}

// TestSecondOfficerReleases: where the terms say so a statement for the press is released by another officer, who may release, at
// another desk or from another account.
//
// SPEC: PRS-004
func TestSecondOfficerReleases(t *testing.T) {
	simulate(t, 92, func(w *world) {
		w.schedule = []string{"09:00"}
		w.watch()
		a, b := w.sides[0], w.sides[1]
		time.Sleep(2 * time.Second)
		terms := a.must("terms propose --from +24h1m --release press")
		time.Sleep(2 * time.Second)
		b.must("terms accept " + terms)
		second := func(name, flag, desk, account string) act.Who {
			a.must("officer add " + name + " --account " + account + flag)
			who := act.Who{Desk: desk, Account: account, Known: "account"}
			r, err := a.line.Do(context.Background(), who, "en", act.SignOn{Officer: name})
			if err != nil {
				t.Fatal(err)
			}
			who.Officer = r.ID
			return who
		}
		p := press{side: a}
		time.Sleep(2 * time.Second)
		for _, s := range w.sides { // nothing is simulated meanwhile
			s.stop()
		}
		time.Sleep(25 * time.Hour)
		a.open()
		b.open()
		time.Sleep(10 * time.Second)
		plain := second("Neri", "", "press-1", "neri")
		same := second("Verdi", " --releaser", a.desk.Desk, a.desk.Account)
		other := second("Reyes", " --releaser", "press-2", "reyes")
		page := p.draft("We hope.")
		a.must("officer edit \"Lt Amaro\" --releaser") // the same man by another statement
		p.refused(a.desk, page, "a second person")
		p.refused(plain, page, "by an officer who may release")
		p.refused(same, page, "a second person")
		if rep, err := p.release(other, page); err != nil || rep.Verdict != verify.Holds || !rep.Claim.Press.Two {
			t.Errorf("%v %s", err, rep)
		}
	})
}
