// SPDX-License-Identifier: Apache-2.0

package verbs

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/parley/call"
	"example.org/parley/contact"
	"example.org/parley/hint"
	"example.org/parley/internal/act"
)

var now = time.Date(2026, 11, 23, 9, 41, 0, 0, time.UTC)

// SPEC: CLI-020
func TestParseMakesTheActThatWasTyped(t *testing.T) {
	for line, want := range map[string]act.Act{
		`officer add "Lt Amaro" --account amaro --langs en,it`: act.OfficerAdd{Name: "Lt Amaro", Account: "amaro", Langs: []string{"en", "it"}},
		`sign-on`: act.SignOn{},
		`send --precedence flash --kind warning Keep clear of the strait`: act.Send{Kind: "warning", Precedence: "FLASH", Text: "Keep clear of the strait"},
		`send --phrase yours place="54.20N 18.40E" --read-back place`:     act.Send{Phrase: "yours", Fields: map[string]string{"place": "54.20N 18.40E"}, ReadBack: []string{"place"}},
		`ack A7-42 --read original place=x`:                               act.Ack{ID: "A7-42", Read: "original", Fields: map[string]string{"place": "x"}},
		`respond A7-42 standby --until +30m wait`:                         act.Respond{ID: "A7-42", How: "standby", Until: now.Add(30 * time.Minute), Text: "wait"},
		`phrase show yours`:                                  act.PhraseList{Code: "yours"},
		`stop`:                                               act.SendStop{},
		`stop --place here`:                                  act.SendStop{Place: "here"},
		`stop take A1-3`:                                     act.StopStep{ID: "A1-3", Step: "take"},
		`stop refuse A1-3 --reason "not ours"`:               act.StopStep{ID: "A1-3", Step: "refuse", Reason: "not ours"},
		`ring --class test --sound test-voice`:               act.Ring{Class: "test", Sound: "test-voice"},
		`decline busy --stand-by-until 09:40Z`:               act.Decline{Reason: "busy", StandBy: now.Add(24*time.Hour - time.Minute)},
		`hang-up --class service`:                            act.HangUp{Class: "service"},
		`class A1-3 Substantive`:                             act.Class{ID: "A1-3", Class: "substantive"},
		`check confirm twelve`:                               act.CheckConfirm{Answer: "twelve"},
		`check confirm --decline`:                            act.CheckConfirm{Decline: true},
		`post edit Minister "Minister of Defence" --level 2`: act.PostAdd{Do: "post.edit", Replaces: "Minister", Name: "Minister of Defence", Level: 2},
		`post add President --of Cerulia --org palace --level 1 --langs fr --address fr=Excellence`:           act.PostAdd{Name: "President", Org: "palace", Level: 1, Of: "Cerulia", Langs: []string{"fr"}, Address: map[string]string{"fr": "Excellence"}},
		`post end Minister --on 2022-03-01 --reason "merged with staff"`:                                      act.Finish{Do: "post.end", Name: "Minister", On: "2022-03-01", Reason: "merged with staff"},
		`holder add Minister J. Doe --from 2022-02-01`:                                                        act.HolderAdd{Post: "Minister", Name: "J. Doe", From: "2022-02-01"},
		`holder end Minister J. Doe --on 2022-03-01`:                                                          act.HolderEnd{Post: "Minister", Name: "J. Doe", On: "2022-03-01"},
		`post add Minister --org MOD --level 1 --theirs --pair Secretary --name it=Ministro`:                  act.PostAdd{Name: "Minister", Org: "MOD", Level: 1, Theirs: true, Pair: "Secretary", Names: map[string]string{"it": "Ministro"}},
		`event add invasion --when 2022-02-24`:                                                                act.EventAdd{Name: "invasion", When: "2022-02-24"},
		`contact add call --when 2022-02-18 --with Secretary,Minister --channel telephone --basis press`:      act.ContactAdd{Kind: "call", When: "2022-02-18", Participants: []string{"Secretary", "Minister"}, Channel: "telephone", Basis: "press"},
		`request record --by Secretary --with Minister --for call --when 2022-03-01 --standing --basis press`: act.RequestRecord{By: "Secretary", With: "Minister", For: "call", When: "2022-03-01", Standing: true, Basis: "press"},
		`contact add public --by President --when ~2022-03-16 --quote "two words" --basis press`:              act.ContactAdd{Kind: "public", By: "President", When: "~2022-03-16", Quote: "two words", Basis: "press"},
		`contact correct A1-9 --when 2022-03-15`:                                                              act.ContactAdd{Do: "contact.correct", Corrects: "A1-9", When: "2022-03-15"},
		`contact dispute A1-9 it never was`:                                                                   act.Saying{Do: "contact.dispute", ID: "A1-9", Reason: "it never was"},
		`request again A1-9`:                                                                                  act.RequestAgain{Do: "request.again", ID: "A1-9"},
		`request decline A1-9 --behalf principal`:                                                             act.RequestAnswer{Do: "request.decline", ID: "A1-9", Behalf: "principal"},
		`contacts Minister A1-4 --since crossing --dated span`:                                                act.Contacts{Pair: []string{"Minister", "A1-4"}, Since: "crossing", Dated: "span"},
		`show A1-9 --private`: act.Show{ID: "A1-9", Private: true},
		`request outcome A1-9 declined --told-by "press secretary" --on 2022-03-23`: act.RequestOutcome{ID: "A1-9", Outcome: "declined", ToldBy: "press secretary", On: "2022-03-23"},
		`contacts --since invasion --org MOD --level 2`:                             act.Contacts{Since: "invasion", Org: "MOD", Level: 2},
		`alarm ack`:    act.AlarmAck,
		`log --last 5`: act.ReadLog{Last: 5},
		`show A7-42`:   act.Show{ID: "A7-42"},
	} {
		argv, err := Split(line)
		if err != nil {
			t.Fatal(line, err)
		}
		got, err := Parse(argv, now)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v %v\nwant %+v", line, got, err, want)
		}
	}
}

// SPEC: CLI-020
func TestWrongUsageIsRefusedAsSuch(t *testing.T) {
	for _, line := range []string{
		"", "send", "post add X --org o --level 1 --of ' '", "send --class urgent x", "send --phrase yours place", "send --phrase yours a=1 a=2", "ack", "ack A1-1", "ack A1-1 --read maybe",
		"respond A1-1", "respond A1-1 perhaps", "respond A1-1 standby --until soon", "stop refuse A1-1", "stop take", "stop take A1-1 A1-2", "ring loudly",
		"ring --as amaro", "ring --priority hurry", "check confirm", "check confirm x --decline", "post add Minister", "event add x", "contact add", "request record",
		"request outcome A1-1", "request outcome A1-1 refused", "contacts --level 12", "log --last -1", "show", "officer", "officer add", "fly", "status now",
	} {
		argv, _ := Split(line)
		_, err := Parse(argv, now)
		var u *hint.Error
		if !errors.As(err, &u) || !u.Usage || u.What == "" || u.Hint == "" {
			t.Errorf("%q: %v", line, err)
		}
	}
	if _, err := Split(`send "half`); err == nil {
		t.Error("an open quote is accepted")
	}
}

// named are the rows that are typed.
func named() []act.Verb {
	return slices.DeleteFunc(slices.Clone(act.Table), func(v act.Verb) bool { return v.Name == "" })
}

// SPEC: CLI-021
func TestEveryActHasItsVerb(t *testing.T) {
	local := map[string]bool{"desk": true, "export": true, "verify": true, "claim": true, "export.alone": true, "notifier": true, "backup": true} // cmd/parley's own: more than one act
	have := map[string]bool{}
	for _, v := range named() {
		have[strings.ReplaceAll(v.Name, " ", ".")] = true
		if v.Short == "" || v.Group == "" || !strings.HasSuffix(v.Short, ".") {
			t.Errorf("%s: no sentence of help", v.Name)
		}
	}
	have["stop.step"], have["phrase.list"] = have["stop.take"] && have["stop.lift"], have["phrase.show"]
	have["path.step"] = have["path.add"] && have["path.set"] && have["path.remove"]
	have["line.step"], have["watch.step"] = have["line.suspend"] && have["line.maintenance"] && have["line.leave"] && have["line.resume"], have["note"] && have["handover.give"] && have["handover.take"]
	have["readout.step"] = have["readout.publish"] && have["readout.shown"]
	for _, a := range acts() {
		if !have[a] && !local[a] {
			t.Errorf("no verb for the act %s", a)
		}
	}
}

// The words of a choice are those of its kind, in the shell and from a page alike.
// SPEC: CLI-023
func TestChoicesAreTheKindsWords(t *testing.T) {
	for _, channel := range contact.Channels {
		if _, err := Parse([]string{"contact", "add", "call", "--when", "2022-02-18", "--with", "A,B", "--basis", "own", "--channel", channel}, now); err != nil {
			t.Errorf("--channel %s: %v", channel, err)
		}
	}
	for _, sort := range contact.Sorts {
		if _, err := Parse([]string{"contact", "add", sort, "--when", "2022-02-18", "--with", "A,B", "--basis", "own"}, now); err != nil {
			t.Errorf("contact add %s: %v", sort, err)
		}
	}
	for _, why := range call.Priorities {
		if _, err := Parse([]string{"ring", "--priority", why}, now); err != nil {
			t.Errorf("--priority %s: %v", why, err)
		}
		if f := act.Members(reflect.TypeFor[act.Ring]()); !slices.ContainsFunc(f, func(f act.Member) bool { return f.Flag == "priority" && strings.Contains(f.Help, why) }) {
			t.Errorf("the help of ring does not name %s", why)
		}
	}
	if _, err := act.Decode("ring", []byte(`{"priority":"hurry"}`)); err == nil {
		t.Error("a priority of no list is taken from a page")
	}
	if a, err := act.Decode("send", []byte(`{"text":"x","precedence":"flash"}`)); err != nil || a.(act.Send).Precedence != "FLASH" {
		t.Errorf("%+v %v", a, err)
	}
	if _, err := act.Decode("send", []byte(`{"text":"x","precedence":"urgent"}`)); err == nil {
		t.Error("a word of no kind is taken from a page")
	}
}

// Every placeholder of a form has its member, and every member that is no flag has its placeholder in a form of its act.
// SPEC: CLI-020
func TestFormsFitTheirActs(t *testing.T) {
	for _, v := range named() {
		fields := act.Members(reflect.TypeOf(v.Act))
		parts := strings.Fields(v.Args)
		for i, part := range parts {
			name := strings.TrimSuffix(strings.Trim(part, "[]"), "…")
			known := slices.ContainsFunc(fields, func(f act.Member) bool { return f.Arg == name || "--"+f.Flag == name })
			value := part == "|" || i > 0 && strings.HasPrefix(parts[i-1], "--")
			if !known && !value {
				t.Errorf("%s: %s stands for nothing", v.Name, part)
			}
		}
		for _, f := range fields {
			if f.Arg != "" && !slices.ContainsFunc(named(), func(o act.Verb) bool {
				return reflect.TypeOf(o.Act) == reflect.TypeOf(v.Act) && strings.Contains(o.Args, f.Arg)
			}) {
				t.Errorf("%s: nothing fills %s", v.Name, f.Arg)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("send --phrase yours place='54.20N 18.40E'")
	f.Add("respond A7-42 standby --until +30m")
	f.Fuzz(func(t *testing.T, s string) {
		argv, err := Split(s)
		if err != nil {
			return
		}
		if a, err := Parse(argv, now); err == nil && a == nil {
			t.Fatal("neither an act nor an error")
		}
	})
}

// acts lists every verb of the table.
func acts() (vs []string) {
	for _, r := range act.Table {
		if v := r.Act.Verb(); len(vs) == 0 || vs[len(vs)-1] != v {
			vs = append(vs, v)
		}
	}
	return vs
}

// A line is taken apart as a shell would: what stands in quotes is kept as it is, joined to what touches it.
func TestSplitKeepsTogetherWhatIsQuoted(t *testing.T) {
	for line, want := range map[string][]string{
		`send --name=it="Capo di 'Stato'" now`: {"send", "--name=it=Capo di 'Stato'", "now"},
		"  a\t''  b'c d'e ":                    {"a", "", "bc de"},
		``:                                     nil,
	} {
		if got, err := Split(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q %v", line, got, err)
		}
	}
	for _, line := range []string{`send "open`, `don't`, `a "b" 'c`} {
		if got, err := Split(line); err == nil {
			t.Errorf("%q is taken as %q", line, got)
		}
	}
}

// What is not text is refused before it goes anywhere, by name. SPEC: CLI-020
func TestArgumentsAreText(t *testing.T) {
	for _, argv := range [][]string{{"note", "a\xffb"}, {"post", "add", "Minister", "--org", "a\xff", "--level", "1"}, {"find", "\xfe"}} {
		_, err := Parse(argv, now)
		if e := hint.Of(err); err == nil || !e.Usage || e.Hint == "" || !strings.Contains(e.What, "is not text in UTF-8") {
			t.Errorf("%q: %v", argv, err)
		}
	}
}
