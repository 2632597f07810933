// SPDX-License-Identifier: Apache-2.0

package node

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
)

// SPEC: PAG-075 PAG-076 PAG-079
func TestRolesAndWhoIsAnOfficerNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		do := func(who act.Who, a act.Act) (act.Reply, error) { return l.Do(t.Context(), who, "en", a) }
		must := func(who act.Who, a act.Act) act.Reply {
			t.Helper()
			r, err := do(who, a)
			if err != nil {
				t.Fatalf("%s: %v", a.Verb(), err)
			}
			return r
		}
		crewNow := func() (c crew) {
			done := make(chan struct{})
			l.post(func() { c = l.crew(); close(done) })
			<-done
			return c
		}
		ringsNow := func() (now, later []string) {
			done := make(chan struct{})
			l.post(func() { now, later = l.desks.armed(); close(done) })
			<-done
			return now, later
		}
		if _, err := do(act.Who{Desk: "Ops room left", Known: "unattributed", Stays: true}, act.OfficerAdd{Name: "Nobody"}); err == nil {
			t.Error("a desk without a person has enrolled the first officer")
		}
		people := map[string]act.Who{}
		for _, role := range []string{"officer", "releaser", "technician", "reader"} {
			who, add := act.Who{Account: role}, act.OfficerAdd{Name: "The " + role, Role: role}
			if len(people) > 0 { // the first one is anybody's of the group
				if _, err := do(who, add); err == nil || !strings.Contains(err.Error(), "by one who is signed on, or by the account of the node") {
					t.Error("an account of the group has enrolled another officer:", err)
				}
				who.Keeper = true
			}
			id := must(who, add).ID
			people[role] = act.Who{Officer: id, Known: "passkey", Desk: "Room " + role, Stays: true}
			must(people[role], act.SignOn{Officer: id})
		}
		if c := crewNow(); c.Present != 2 || slices.Contains(c.Officers, "The reader") || slices.Contains(c.Officers, "The technician") {
			t.Errorf("present are %v: %d", c.Officers, c.Present)
		}
		send, note := act.Send{Text: "hello", Kind: "information"}, act.Watch{Step: "note", Text: "x"}
		suspend := act.LineStep{Step: "maintenance", Until: l.cfg.Now().Add(time.Hour)}
		for _, c := range []struct {
			role string
			a    act.Act
			may  string // who may; "" it is allowed
		}{
			{"reader", act.Status, ""}, {"reader", act.ReadLog{}, ""}, {"reader", send, "officer, releaser"}, {"reader", note, "officer, releaser"},
			{"reader", suspend, "officer, releaser, technician"}, {"reader", act.OfficerAdd{Name: "Another"}, "officer, releaser, technician"}, {"reader", act.SendStop{}, ""},
			{"technician", suspend, ""}, {"technician", act.LineStep{Step: "resume"}, ""}, {"technician", send, "officer, releaser"},
			{"technician", act.OfficerAdd{Name: "Another", Account: "another"}, ""}, {"technician", act.SendStop{}, ""},
			{"officer", note, ""}, {"releaser", note, ""},
		} {
			_, err := do(people[c.role], c.a)
			switch {
			case c.may == "" && err != nil && strings.Contains(err.Error(), "the role"):
				t.Errorf("%s %s: %v", c.role, c.a.Verb(), err)
			case c.may != "" && (err == nil || !strings.Contains(err.Error(), "the role "+c.role+" does not allow this") || hint.Of(err).Hint != "who may: "+c.may):
				t.Errorf("%s %s: %v, %q", c.role, c.a.Verb(), err, hint.Of(err).Hint)
			}
		}
		// Who is an officer no more acts no more, and sits nowhere, his armed desk rings on.
		must(people["officer"], act.SetDesk{Armed: true, Sound: "ok"})
		must(people["releaser"], act.Finish{Do: "officer.end", Name: people["officer"].Officer})
		if _, err := do(people["officer"], note); err == nil || !strings.Contains(err.Error(), "an officer no more") {
			t.Error("an act of an officer no more:", err)
		}
		if _, err := do(people["officer"], act.SignOn{Officer: people["officer"].Officer}); err == nil {
			t.Error("an officer no more signs on")
		}
		time.Sleep(time.Second)
		if c := crewNow(); c.Present != 1 || c.Armed != 1 {
			t.Errorf("a second later: %+v", c)
		}
		if p, err := l.Staff(people["officer"].Officer); err == nil {
			t.Error("he is known still:", p)
		}
		if p, err := l.Staff("The technician"); err != nil || p.Role != "technician" || p.ID != people["technician"].Officer {
			t.Error(p, err)
		}
		// Another name, the same person: his sessions go on.
		must(people["releaser"], act.OfficerAdd{Do: "officer.edit", Replaces: people["reader"].Officer, Name: "Lector", Role: "officer"})
		if p, err := l.Staff(people["reader"].Officer); err != nil || p.Name != "Lector" || p.Role != "officer" {
			t.Error(p, err)
		}
		must(people["reader"], note)
		// Deputies ring later; where no other desk is armed they ring at once.
		must(people["technician"], act.SetDesk{Armed: true, Sound: "ok", Turn: 1})
		if now, later := ringsNow(); !slices.Equal(now, []string{"Room officer"}) || !slices.Equal(later, []string{"Room technician"}) {
			t.Error(now, later)
		}
		must(people["officer"], act.SetDesk{Armed: true, Sound: "ok", Busy: true}) // in a call on another line
		done := make(chan []string)
		l.post(func() { done <- l.desks.busy() })
		if busy := <-done; !slices.Equal(busy, []string{"Room officer"}) {
			t.Error("busy are", busy)
		}
		must(people["reader"], act.SetDesk{Armed: true, Sound: "ok", Turn: 3})
		must(people["releaser"], act.SetDesk{Armed: true, Sound: "ok", Turn: 2})
		if _, later := ringsNow(); !slices.Equal(later, []string{"Room technician", "Room releaser", "Room reader"}) {
			t.Error("the turns of deputies are", later)
		}
		must(people["reader"], act.SetDesk{})
		must(people["releaser"], act.SetDesk{})
		must(people["officer"], act.SetDesk{})
		if now, later := ringsNow(); !slices.Equal(now, []string{"Room technician"}) || later != nil {
			t.Error(now, later)
		}
		// Signing off leaves a desk that stays armed, and no other.
		must(people["technician"], act.SignOff)
		if now, _ := ringsNow(); len(now) != 1 {
			t.Error("a desk that stays does not ring after a sign-off")
		}
	})
}
