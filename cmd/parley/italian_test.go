// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/BurntSushi/toml"

	"example.org/parley/check"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/link/memnet"
	"example.org/parley/internal/story"
	"example.org/parley/internal/verbs"
	"example.org/parley/internal/view"
	"example.org/parley/party"
	"example.org/parley/words"
)

// everyVerb does every verb of the table, and has some refused.
const everyVerb = `
aurelia confirm => contains nulla
aurelia officer add Amaro --account amaro --langs it
aurelia officer add Bianchi --account bianchi => contains è in servizio
aurelia sign-on Nessuno => contains Nessuno
aurelia sign-on
aurelia officer add Amaro --account amaro => contains Amaro
borealia officer add Bruni --account bruni --langs it
borealia sign-on
aurelia officer list
aurelia officer invite Amaro => contains pagina
aurelia desk list => contains pagina
aurelia desk invite Sala => contains pagina
aurelia desk rename Sala Banco => contains pagina
aurelia desk end Banco => contains pagina
aurelia session list => contains pagina
aurelia session end abc => contains pagina
arm aurelia
arm borealia
aurelia status
aurelia phrase list
aurelia phrase show IS_THIS_YOURS
aurelia send --precedence FLASH --phrase IS_THIS_YOURS --read-back place --respond object=ship "place=54.20N 18.40E" as $m
aurelia send --phrase IS_THIS_YOURS object=ship place=qui => contains place
aurelia send --kind information "Il convoglio parte a mezzogiorno" as $n
borealia shown $n
aurelia send --precedence FLASH --kind information $LONG => contains FLASH
@10s borealia inbox
borealia ack $m --read original "place=54.20N 18.45E" => contains place
borealia ack $m --read original "place=54.20N 18.40E"
borealia respond $m standby --until +30m
borealia respond $m not-ours
aurelia respond $m not-ours => contains altra parte
aurelia stop --reason pericolo as $s
@12s borealia stop take $s
borealia stop lift $s => contains STOP
borealia stop refuse $s --reason altro
aurelia stop --place Settore as $s2
@13s borealia stop in-effect $s2
aurelia stop lift $s => contains motivo
aurelia stop lift $s --reason finito
aurelia ring
@14s borealia decline occupati --stand-by-until +30m
aurelia ring --class service
@16s borealia answer
aurelia waiting linguist
aurelia hold
aurelia type due navi alla boa
borealia resume => contains attesa
borealia replay => contains conserva
aurelia resume
aurelia join => contains postazione
aurelia hand-over Altrove => contains postazione
aurelia hang-up --class test
@18s aurelia calls
aurelia class $CALL test
aurelia answer => contains
aurelia check now
borealia answer
aurelia answer
borealia check confirm $ANSWER
aurelia check confirm $ANSWER
aurelia check now
aurelia check confirm --decline
aurelia checks
aurelia figures
aurelia post add Ministro --org ministry --level 1 as $p
aurelia post add Ministro --org ministry --level 1 --theirs --pair $p as $q
aurelia post add Ministro --org ministry --level 12 => contains 12
aurelia post edit $p --level 2
aurelia post edit $p --level 2 --of "аurelia" => contains legge
aurelia holder add $p "Anna Rossi" --from 1999-01-01
aurelia holder end $p "Carlo Bianchi" => contains titolare
aurelia holder end $p "Anna Rossi" --on 1999-03-01
aurelia post list
aurelia event add passaggio --when 1999-02-24
aurelia contact add call --when 1999-02-18 --with $p --with $q --channel telephone --basis own as $k
aurelia event add falso --when 1999-02-25
aurelia event edit falso --when 1999-02-26
aurelia event end falso --reason errore
aurelia event list
aurelia officer edit Amaro --number +3900000
aurelia officer add Verdi --account verdi
aurelia officer end Verdi --on 1999-03-01
aurelia contact add call --when 1999-02-18 --with $p --with $q --channel telephone --basis own --private
aurelia request record --by $p --with $q --when 1999-02-26 --standing --basis own as $r
aurelia request outcome $r declined --told-by Bruni --on 1999-02-27
aurelia request outcome $r declined --told-by Bruni --on 1999-02-20 => contains 20
aurelia request again $r
borealia request decline $r --behalf office --reason occupati
borealia request accept $r --at +2h
borealia request defer $r --until +2h
borealia request counter $r --at +3h
aurelia request accept $r => contains nostra
aurelia request confirm $r
aurelia request dispute $r "non è vero"
borealia request confirm $r => contains
aurelia request withdraw $r inutile
aurelia request outcome $r declined => contains ritirata
aurelia request renew $r
aurelia assess $r "temono le immagini" --basis $p
aurelia show $r --private
aurelia contact add meeting --when 1999-02-19 --with $p:2 --with $q --place Ginevra --host borealia --basis told-by --source ambasciata as $k
aurelia contact add public --by $q --when ~1999-02-20 --quote "basta" --basis press --occasion $k
aurelia contact add call --when 1999-02-30 --with $p --with $q --basis own => contains 30
aurelia contact add call --when 2999-02-20 --with $p --with $q --basis own => contains 2999
borealia contact confirm $k
borealia contact dispute $k "nessuno di noi c'era"
aurelia contact correct $k --when 1999-02-21
aurelia contact confirm $k => contains parola
aurelia concern raise $k "i cittadini trattenuti" as $c
aurelia raised
aurelia concern answer $c "se ne occupano"
aurelia concern overtaken $c
aurelia requests --since passaggio
aurelia contacts --since passaggio
aurelia readout file $k --point "raised/carburante: chiesto carburante" as $ro
aurelia readout file $k --point "voci: niente" => contains punto
aurelia readout shown $ro --to "un giornale" --on 1999-02-28
aurelia readout publish $ro => contains seconda persona
borealia readout except $ro 1 "non fu chiesto"
borealia readout except $ro 7 "non fu chiesto" => contains punto 7
aurelia readouts $k
aurelia readouts --points observed --shown --since passaggio
aurelia find carburante
aurelia brief $p
aurelia check note busy
aurelia check note answered --at 1999-02-21 => contains istante
aurelia check note answered --by Nessuno => contains Nessuno
aurelia check phone now => contains nessun telefono
aurelia call note --with $p --class service "una prova"
aurelia call note --with Nessuno => contains Nessuno
aurelia checks
aurelia calls
aurelia note "tutto calmo"
aurelia handover give "una guardia"
aurelia handover take
aurelia handover take => contains guardia
borealia relay $m --to $q --told Bruni
aurelia card
aurelia line resume => contains servizio
aurelia line suspend --until +2h --reason esercitazione
aurelia send "Il convoglio parte"
aurelia line maintenance --until +3h
borealia line resume => contains ritira
aurelia line resume
aurelia line leave
aurelia line resume
aurelia terms propose --from +1h --check 11:00 => contains 24
aurelia request place --by Nessuno --with Nessuno => contains Nessuno
aurelia request correct A1-99 declined => contains A1-99
aurelia terms propose --from +48h --check 08:00 as $t
aurelia terms show
borealia terms accept $t
aurelia terms accept $t => contains nostra
aurelia contacts --since Nulla => contains passaggio
aurelia statement draft bozza --since 2000-01-01 --figure tested,used,requests --opinion "restiamo in ascolto"
aurelia statement draft bozza --since 2000-01-01 --figure used --with $p => contains controparte
aurelia statement release bozza => contains pagina
aurelia statement list
aurelia post end $q
aurelia alarm list
aurelia alarm ack => contains parley
aurelia log
aurelia show $m
aurelia show $p
aurelia show A9-99 => contains A9-99
aurelia open => contains page
aurelia path list
aurelia path add nulla => contains bind
aurelia path set nulla --bind 192.0.2.1:7443 => contains nulla
aurelia path remove nulla => contains nulla
aurelia key accept A9-99 --digits 111111 => contains A9-99
aurelia key rotate
aurelia key revoke --past A9-99 => contains A9-99
aurelia sign-off
aurelia class $n test => contains persona
`

// italian is a stage on which everything is asked in Italian; words that are not Italian are faults.
type italian struct {
	story.Stage
	t     *testing.T
	hs    map[string]*house
	who   map[string]act.Who
	knows map[string]bool
	done  map[string]bool
	began time.Time
}

var word = regexp.MustCompile(`\p{L}{3,}`)

func (s *italian) learn(texts ...string) {
	for _, text := range texts {
		for _, w := range word.FindAllString(strings.ToLower(text), -1) {
			s.knows[w] = true
		}
	}
}

// typed are codes: of kinds, which are signed, and of phrases and their fields.
var typed = regexp.MustCompile(`[a-z]+\.[a-z-]+|SEEN|UCF|[A-Z]+(_[A-Z]+)+|(?m)  [a-z \[\]]+$`)

// hold finds fault with what a person is told.
func (s *italian) hold(of, text string) {
	if of == "show" { // what is signed is shown as it is signed
		text, _, _ = strings.Cut(text, "parley/v1")
	}
	text = typed.ReplaceAllString(text, "")
	var foreign []string
	for _, w := range word.FindAllString(strings.ToLower(text), -1) {
		if !s.knows[w] {
			foreign = append(foreign, w)
		}
	}
	if foreign != nil {
		s.t.Errorf("%s says %q, no words of it.toml: %s", of, foreign, text)
	}
}

func (s *italian) ask(party string, a act.Act) (act.Reply, error) {
	_, l, err := s.hs[party].svc.find("north")
	if err != nil {
		return act.Reply{}, err
	}
	r, err := l.Do(s.t.Context(), s.who[party], "it", a)
	if err == nil {
		s.hold(a.Verb(), r.Text)
		return r, nil
	}
	e := hint.Of(err).In("it", words.Say)
	s.hold(a.Verb(), e.What+" "+e.Hint)
	return r, e
}

func (s *italian) Do(party, line string) (string, error) {
	argv, err := verbs.Split(line)
	if err != nil {
		return "", err
	}
	s.learn(line)
	v, _, _ := verbs.Find(argv)
	s.done[v.Name] = true
	a, err := verbs.Parse(argv, time.Now())
	if err != nil {
		e := hint.Of(err).In("it", words.Say)
		s.hold(v.Name, e.What+" "+e.Hint)
		return "", e
	}
	r, err := s.ask(party, a)
	switch who := s.who[party]; a.(type) {
	case act.SignOn:
		who.Officer, who.Known = r.ID, "account"
		s.who[party] = who
	case act.Plain:
		if a == act.SignOff {
			s.who[party] = act.Who{Known: "unattributed", Desk: who.Desk, Account: who.Account}
		}
	}
	return r.ID, err
}

func (s *italian) Change(f []string) (map[string]string, error) {
	_, err := s.ask(f[1], act.SetDesk{Armed: f[0] == "arm", Sound: act.NoSound})
	return nil, err
}

func (s *italian) Name(party, name string) (string, error) {
	if name == "LONG" {
		return strings.Repeat("parola ", 300), nil
	}
	r, err := s.ask(party, map[string]act.Act{"ANSWER": act.Checks{}, "CALL": act.Calls}[name])
	if err != nil {
		return "", err
	}
	v := r.Data.(view.Desk)
	if name == "CALL" {
		return v.Calls[0].ID, nil
	}
	if v.Check.Question == nil {
		return "", errors.New("no question is asked")
	}
	q, _ := check.FindQuestion(v.Check.Question.ID)
	return q.Answer, nil
}

func (s *italian) Wait(d time.Duration) { time.Sleep(time.Until(s.began.Add(d))) }
func (s *italian) Settle()              { time.Sleep(300 * time.Millisecond) }

// Whoever asks in Italian is answered in Italian, whatever the verb, and refused in Italian: each word that he reads
// stands in it.toml, is one that people type, or was typed.
//
// SPEC: CLI-019
func TestWhoAsksInItalianIsAnsweredInItalian(t *testing.T) {
	var table map[string]string
	b, err := os.ReadFile("../../words/it.toml")
	if err == nil {
		err = toml.Unmarshal(b, &table)
	}
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		hs := houses(t, memnet.New())
		for _, h := range hs {
			h.start()
			h.svc.demo = true // accounts are the story's own
			defer func() { h.end() }()
		}
		numbers := ready(t, hs)
		for i, h := range hs {
			if _, err := h.confirm(numbers[1-i]); err != nil {
				t.Fatal(err)
			}
		}
		within(t, time.Minute, "the line is up", func() bool { return hs[0].up() && hs[1].up() })
		s := &italian{t: t, hs: map[string]*house{}, who: map[string]act.Who{}, knows: map[string]bool{}, done: map[string]bool{}, began: time.Now()}
		for _, text := range table {
			s.learn(text)
		}
		for _, v := range act.Table {
			s.learn(v.Name, v.Args)
			for _, m := range act.Members(reflect.TypeOf(v.Act)) {
				s.learn(append(m.Words, m.Flag, m.Arg)...)
			}
		}
		terms := party.DefaultTerms() // they are signed, and shown as they were signed
		s.learn(terms.Purpose["en"], terms.Area, terms.Subject, terms.Access)
		for _, h := range hs {
			l, err := h.home().Load("north")
			if err != nil {
				t.Fatal(err)
			}
			s.hs[l.Ours.Party] = h
			s.who[l.Ours.Party] = act.Who{Known: "unattributed", Account: map[string]string{"aurelia": "amaro", "borealia": "bruni"}[l.Ours.Party], Desk: "pts/" + fmt.Sprint(len(s.hs))}
			s.learn(l.Ours.Party, "north pts")
		}
		if _, err := (&story.Script{Stage: s, Patience: time.Minute}).Play(context.Background(), everyVerb); err != nil {
			t.Fatal(err)
		}
		for _, v := range act.Table {
			if v.Name != "" && !s.done[v.Name] {
				t.Errorf("nobody asked for %q", v.Name)
			}
		}
	})
}
