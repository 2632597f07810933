// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"example.org/parley/wire"
)

// The example of the spec, byte for byte.
const example = `parley/v1 statement
log aurelia/iiq0JrqiBx7SqO_SayAauawh5N9wqtZt22VtN_QNtxI/7.k7qx3m
index 2
prev bmHg+BAg5SlnLHDVY45ycFvsl5TeDcqGST07QdaI5gg=
seen borealia/3.9dm2aa 3920 CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
heard 9dm2aa 2026-11-23T09:41:00Z
time 2026-11-23T09:41:02.123456Z
kind message.question
class substantive
mark actual
re borealia/3.9dm2aa 3907 1jkRS5n1r0dOAsbXr5w3c0ZcO0nVUQ3xIh4Hc8kA5pE=
facts 135 yHL4c9r968OzqjN0lV2zqhPApIqiRsJSZofYjL1zSIU=
text 134 w9Ij/wB4gLtr6YTXDDkRfEI5Km+Qaovlfk5Adq53FTg=
`

// SPEC: REC-004 REC-005
func TestExample(t *testing.T) {
	st, form, err := ParseHeader([]byte(example))
	if err != nil || form != "" {
		t.Fatalf("%v %s", err, form)
	}
	for _, body := range []string{"facts 135", "text 134"} { // of no bytes nobody could send any
		if _, form, _ := ParseHeader([]byte(strings.Replace(example, body, strings.Fields(body)[0]+" 0", 1))); form == "" {
			t.Errorf("%s of no bytes stands", body)
		}
	}
	if got := string(st.Encode()); got != example {
		t.Errorf("written back:\n%s", got)
	}
	if st.Log.Number != 7 || st.Index != 2 || st.Seen[0].Size != 3920 || st.Heard.Run != "9dm2aa" || st.Re[0].Index != 3907 || st.Text.Len != 134 {
		t.Errorf("%+v", st)
	}
	note := example + "\n— aurelia/sign xDQ4SS3LkLd3KQKTcZqpaAsl8f0CTTkVZ1+PabVyfw/1RyJhhL647vuIEzzLnI74itJri4wrtG9gWQTzSj1fiRZB8wM=\n"
	if _, err := wire.ParseNote([]byte(note), wire.MaxNote); err != nil {
		t.Error(err)
	}
}

// What is kept of a header keeps nothing else of its text in memory: a record holds a hundred thousand of them.
func TestWhatIsKeptOfAHeaderDoesNotKeepItsText(t *testing.T) {
	const n = 1000
	seen := ""
	for i := range MaxSeen - 1 {
		seen += fmt.Sprintf("seen borealia/%d.9dm2aa 3920 CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", i+100)
	}
	for name, text := range map[string]string{
		"a header":  strings.Replace(example, "heard 9", seen+"heard 9", 1),
		"the first": strings.Replace(strings.Replace(example, "heard 9", seen+"heard 9", 1), "index 2\nprev bmHg+BAg5SlnLHDVY45ycFvsl5TeDcqGST07QdaI5gg=\n", "index 0\nprev 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nopened main restart\n", 1),
	} {
		kept := make([]Statement, n)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range kept {
			st, form, err := ParseHeader([]byte(text))
			if err != nil || form != "" {
				t.Fatalf("%s: %v %s", name, err, form)
			}
			kept[i] = Statement{Head: Head{Kind: st.Kind, Class: st.Class, Mark: st.Mark, Re: st.Re}, Station: st.Station, Why: st.Why, Heard: st.Heard}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / n; each > int64(len(text))/2 {
			t.Errorf("%s: %d bytes are kept of %d", name, each, len(text))
		}
		runtime.KeepAlive(kept)
	}
}

const goldenFirst = `parley/v1 statement
log aurelia/GENESIS/1.RUN
index 0
prev 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
opened main first
heard none
time 2026-11-23T09:41:01.500000Z
kind message.question
class substantive
mark actual
facts 66 HASH
`

// A run's first statement in its golden form.
func TestGolden(t *testing.T) {
	p := newPair(t)
	r := New(p.o)
	w := p.run(r, "aurelia", "first")
	e := p.say(w, "message.question", "x")
	n, err := wire.ParseNote(e.Note(), wire.MaxNote)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("RUN", w.Name(), "HASH", wire.Sum(e.Facts()).String(), "GENESIS", p.o.Genesis.Name()).Replace(goldenFirst)
	if string(n.Text) != want {
		t.Errorf("got\n%s\nwant\n%s", n.Text, want)
	}
}

// A note is given back byte for byte, and that of a malformed header too.
//
// SPEC: REC-001
func TestNoteIsGivenBackAsItCame(t *testing.T) {
	p := newPair(t)
	r, to := New(p.o), New(p.o)
	e := p.say(p.run(r, "aurelia", "first"), "message.question", "x")
	n, err := wire.ParseNote(e.Note(), wire.MaxNote)
	if err != nil {
		t.Fatal(err)
	}
	malformed, err := wire.SignNote(append(n.Text, "unknown line\n"...), "aurelia/sign", p.keys["aurelia"])
	if err != nil {
		t.Fatal(err)
	}
	for i, note := range [][]byte{e.Note(), malformed} {
		a, err := to.Add(note, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Entry.Note(), note) || (i == 1) != (a.Entry.Inert != "") {
			t.Errorf("came %q, given back %q", note, a.Entry.Note())
		}
	}
}

// What is wrong in the first four lines is not sound; anything else is inert.
//
// SPEC: REC-004 REC-005 REC-006 REC-008
func TestMalformed(t *testing.T) {
	const head = "parley/v1 statement\nlog aurelia/GENESIS/1.k7qx3m\nindex 0\nprev 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
	const h = "bmHg+BAg5SlnLHDVY45ycFvsl5TeDcqGST07QdaI5gg="
	const rest = "opened main first\nheard none\ntime 2026-11-23T09:41:02.123456Z\nkind message.question\nclass substantive\nmark actual\n"
	many := func(line string, n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.Replace(line, "#", str(i+1), 1))
		}
		return b.String()
	}
	sub := func(old, new string) string { return strings.Replace(head+rest, old, new, 1) }
	for _, c := range []struct{ name, text, want string }{
		{"good", head + rest, "valid"},
		{"16 seen", head + "opened main first\n" + many("seen borealia/#.9dm2aa 1 "+h+"\n", 16) + strings.TrimPrefix(rest, "opened main first\n"), "valid"},
		{"8 re", head + rest + many("re borealia/1.9dm2aa # "+h+"\n", 8), "valid"},

		{"domain", sub("statement", "statements"), "unsound"},
		{"private", sub("statement", "private"), "unsound"},
		{"private name", sub("1.k7qx3m\n", "1.k7qx3m/private\n"), "unsound"},
		{"no log", sub("log aurelia/GENESIS/1.k7qx3m\n", ""), "unsound"},
		{"another line", sub("GENESIS", wire.Sum([]byte("x")).Name()), "unsound"},
		{"third party", sub("aurelia", "cordelia"), "unsound"},
		{"party in capitals", sub("aurelia", "Aurelia"), "unsound"},
		{"log 0", sub("/1.k", "/0.k"), "unsound"},
		{"log 01", sub("/1.k", "/01.k"), "unsound"},
		{"run too short", sub("k7qx3m", "k7qx3"), "unsound"},
		{"run with an i", sub("k7qx3m", "k7qxim"), "unsound"},
		{"index 00", sub("index 0", "index 00"), "unsound"},
		{"index -1", sub("index 0", "index -1"), "unsound"},
		{"index 2^31", sub("index 0", "index 2147483648"), "unsound"},
		{"prev", sub("uFU=", "uFV="), "unsound"},
		{"order of head", sub("index 0\nprev 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "prev 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nindex 0\n"), "unsound"},

		{"nothing else", head, "inert"},
		{"not opened", sub("opened main first\n", ""), "inert"},
		{"opened why", sub("main first", "main because"), "inert"},
		{"opened twice", sub("opened main first\n", "opened main first\nopened main first\n"), "inert"},
		{"no heard", sub("heard none\n", ""), "inert"},
		{"heard whole seconds", sub("heard none", "heard 9dm2aa 2026-11-23T09:41:01Z"), "inert"},
		{"heard no run", sub("heard none", "heard 2026-11-23T09:41:00Z"), "inert"},
		{"time in milliseconds", sub("02.123456Z", "02.123Z"), "inert"},
		{"time with zone", sub("02.123456Z", "02.123456+00:00"), "inert"},
		{"time 1999", sub("time 2026", "time 1999"), "inert"},
		{"time 2100", sub("time 2026", "time 2100"), "inert"},
		{"30 February", sub("2026-11-23T09:41:02", "2026-02-30T09:41:02"), "inert"},
		{"kind in capitals", sub("message.question", "Message.question"), "inert"},
		{"kind of three", sub("message.question", "message.question.x"), "inert"},
		{"kind unknown", sub("message.question", "weather.cloudy"), "inert"},
		{"class", sub("class substantive", "class important"), "inert"},
		{"mark", sub("mark actual", "mark real"), "inert"},
		{"order", sub("class substantive\nmark actual\n", "mark actual\nclass substantive\n"), "inert"},
		{"17 seen", head + "opened main first\n" + many("seen borealia/#.9dm2aa 1 "+h+"\n", 17) + strings.TrimPrefix(rest, "opened main first\n"), "inert"},
		{"seen twice", sub("heard", many("seen borealia/1.9dm2aa # "+h+"\n", 2)+"heard"), "inert"},
		{"seen nothing", sub("heard", "seen borealia/1.9dm2aa 0 "+h+"\nheard"), "inert"},
		{"seen itself", sub("heard", "seen aurelia/1.k7qx3m 1 "+h+"\nheard"), "inert"},
		{"seen own last", sub("heard", "seen borealia/1.9dm2aa 1 "+h+"\nseen aurelia/1.9dm2aa 1 "+h+"\nheard"), "inert"},
		{"seen a third", sub("heard", "seen cordelia/1.9dm2aa 1 "+h+"\nheard"), "inert"},
		{"9 re", head + rest + many("re borealia/1.9dm2aa # "+h+"\n", 9), "inert"},
		{"re twice", head + rest + many("re borealia/1.9dm2aa 1 "+h+"\n", 2), "inert"},
		{"re a third", head + rest + "re cordelia/1.9dm2aa 1 " + h + "\n", "inert"},
		{"re after facts", head + rest + "facts 4 " + h + "\nre borealia/1.9dm2aa 1 " + h + "\n", "inert"},
		{"text before facts", head + rest + "text 4 " + h + "\nfacts 4 " + h + "\n", "inert"},
		{"facts without length", head + rest + "facts " + h + "\n", "inert"},
		{"facts over the limit", head + rest + "facts 65537 " + h + "\n", "inert"},
		{"unknown line", head + rest + "urgent yes\n", "inert"},
		{"step without re", sub("message.question", "message.shown"), "inert"},
	} {
		p := newPair(t)
		r := New(p.o)
		got := "valid"
		a, err := r.Add(p.sign(strings.ReplaceAll(c.text, "GENESIS", p.o.Genesis.Name())), nil, nil)
		switch {
		case err != nil:
			got = "unsound"
			if _, ok := err.(*Refusal); !ok {
				t.Errorf("%s: no refusal: %v", c.name, err)
			}
		case a.Entry.Inert != "":
			got = "inert"
			if !a.Entry.Joined || len(r.Items()) != 0 {
				t.Errorf("%s: an inert entry must join and fold to nothing", c.name)
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s (%v %+v)", c.name, got, c.want, err, a.Entry)
		}
	}
}

// SPEC: REC-008
func TestSignatures(t *testing.T) {
	p := newPair(t)
	e := p.say(p.run(New(p.o), "aurelia", "first"), "message.question", "x")
	n, _ := wire.ParseNote(e.Note(), wire.MaxNote)
	b := p.keys["borealia"]
	for name, note := range map[string]func() ([]byte, error){
		"another's key":     func() ([]byte, error) { return wire.SignNote(n.Text, "aurelia/sign", b) },
		"another's name":    func() ([]byte, error) { return wire.SignNote(n.Text, "borealia/sign", b) },
		"a stranger's line": func() ([]byte, error) { return wire.AddSignature(e.Note(), "x/sign", b) },
		"the party key":     func() ([]byte, error) { return wire.SignNote(n.Text, "aurelia/party", p.keys["aurelia"]) },
		"the text changed":  func() ([]byte, error) { return []byte(strings.Replace(string(e.Note()), "actual", "exercise", 1)), nil },
	} {
		bad, err := note()
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := New(p.o).Add(bad, e.Facts(), nil); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestReceiptForm(t *testing.T) {
	p := newPair(t)
	a, b := New(p.o), New(p.o)
	e := p.say(p.run(a, "aurelia", "first"), "message.question", "x")
	give(t, b, e)
	rc, err := b.Receipt(b.ByRef(e.Ref()), "borealia", "9dm2aa", 2, time.Date(2026, 11, 23, 9, 41, 3, 99, time.UTC), p.keys["borealia"])
	if err != nil {
		t.Fatal(err)
	}
	good := string(rc.Encode())
	want := "parley/v1 receipt\nlog " + e.Log.String() + "\nentry 0 " + e.Leaf.String() + "\nbodies facts\nall 1 " + e.Log2Root(b) + "\nwhole 1\nsheet 2\nby borealia/" + p.o.Genesis.Name() + "/9dm2aa\nheld 2026-11-23T09:41:03Z\n"
	if good != want {
		t.Errorf("got\n%swant\n%s", good, want)
	}
	back, err := ParseReceipt([]byte(good)) // SPEC: REC-017
	if err != nil || string(back.Encode()) != good {
		t.Fatalf("back: %v", err)
	}
	for _, c := range [][2]string{
		{"receipt\n", "statement\n"}, {"bodies facts\n", "bodies text facts\n"}, {"bodies facts\n", ""}, {"bodies facts", "bodies "},
		{"whole 1", "whole 2"}, {"whole 1", "whole 01"}, {"sheet 2", "sheet -2"}, {"by borealia", "by aurelia"}, {"/9dm2aa", "/9dm2a"},
		{"03Z\n", "03.5Z\n"}, {"03Z\n", "03Z\nmore x\n"}, {"all 1 ", "all 0 "}, {"entry 0 ", "entry 0  "},
	} {
		if _, err := ParseReceipt([]byte(strings.Replace(good, c[0], c[1], 1))); err == nil {
			t.Errorf("%q for %q: taken", c[1], c[0])
		}
	}
	for _, by := range []string{"aurelia", "cordelia"} { // SPEC: REC-019
		if _, err := b.Receipt(b.ByRef(e.Ref()), by, "9dm2aa", 2, p.now, p.keys["aurelia"]); err == nil {
			t.Errorf("a receipt by %s", by)
		}
	}
}

// Log2Root gives the root of the entry's log at size 1, for the golden receipt.
func (e *Entry) Log2Root(r *Record) string { return r.Log(e.Log.LogID).Root.String() }

func FuzzHeader(f *testing.F) {
	f.Add(example)
	f.Add(strings.Replace(example, "seen", "opened", 1))
	f.Fuzz(func(t *testing.T, s string) {
		st, form, err := ParseHeader([]byte(s))
		if err == nil && form == "" && string(st.Encode()) != s {
			t.Errorf("read %q, written %q", s, st.Encode())
		}
	})
}

// FuzzPlace: what is read is written back. SPEC: MSG-004
func FuzzPlace(f *testing.F) {
	for _, s := range []string{"aurelia/1.k7qx3m 14", "a/01.k7qx3m 1", "aurelia/1.k7qx3m -1", "aurelia/1.k7qx3m 014", "aurelia/1.k7qx3 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := ParsePlace(s); err == nil && p.String() != s {
			t.Fatalf("%q became %q", s, p)
		}
	})
}

func FuzzReceipt(f *testing.F) {
	f.Add("parley/v1 receipt\nlog aurelia/iiq0JrqiBx7SqO_SayAauawh5N9wqtZt22VtN_QNtxI/7.k7qx3m\nentry 43 bmHg+BAg5SlnLHDVY45ycFvsl5TeDcqGST07QdaI5gg=\nbodies facts text\nall 40 bmHg+BAg5SlnLHDVY45ycFvsl5TeDcqGST07QdaI5gg=\nwhole 40\nsheet 2\nby borealia/iiq0JrqiBx7SqO_SayAauawh5N9wqtZt22VtN_QNtxI/9dm2aa\nheld 2026-11-23T09:41:03Z\n")
	f.Fuzz(func(t *testing.T, s string) {
		rc, err := ParseReceipt([]byte(s))
		if err == nil && string(rc.Encode()) != s {
			t.Errorf("read %q, written %q", s, rc.Encode())
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add([]byte(`{"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","lang":"en","text":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if x, err := decodeText(b); err == nil && x.Lang == "" {
			t.Errorf("no language: %q", b)
		}
	})
}
