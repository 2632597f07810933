// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/register"
	"example.org/parley/words"
)

// asking is a page of the record with what a fixture does not have.
func asking() map[string]act.Reply {
	d := fixture("aurelia", "borealia", "en")
	d.Log[0].By, d.Log[0].Says, d.Log[0].Re = "Cpt Bruni", "Is this <i>yours</i>?", []string{"A7-41"}
	d.Log[1].Class, d.Log[1].Header = "test", "parley/v1 message.information"
	posts := []view.Listed[register.Post]{{ID: "A7-5", Party: "aurelia", Facts: register.Post{Name: "Minister of Defence", Org: "Ministry"}}}
	return map[string]act.Reply{
		"log":       {Data: view.Desk{Lang: "en", AsOf: d.AsOf, Log: d.Log, Older: "A7-3", Back: at("10:00:00")}},
		"show":      {Data: view.Desk{Lang: "en", AsOf: d.AsOf, Log: d.Log[1:], Messages: d.Messages[1:]}},
		"calls":     {Data: view.Desk{Lang: "en", AsOf: d.AsOf, Calls: d.Calls}},
		"verify":    {Text: "HOLDS\n  not checked: whether this is all"},
		"post.list": {Data: view.Desk{Lang: "en", Posts: posts}},
		"requests":  {Data: view.Desk{Lang: "en", AsOf: d.AsOf, Counterparts: view.Counterparts{Sides: []view.Side{{From: "aurelia", To: "borealia", Requests: []view.Dealing{{ID: "A7-9", When: "1 Nov", Kind: "call", From: "Minister", With: "Minister"}}}}}}},
		"contacts":  {Data: view.Desk{Lang: "en", AsOf: d.AsOf, Counterparts: view.Counterparts{Pairs: d.Counterparts.Pairs, Sought: []view.Dealing{{ID: "A7-9", When: "1 Nov", Kind: "call", From: "Minister", With: "Minister"}}}}},
		"export":    {File: func(w io.Writer) error { _, err := io.WriteString(w, "the record"); return err }},
	}
}

// SPEC: PAG-053
func TestQuestionsAreAskedUnderTheDesksSession(t *testing.T) {
	s, n := testServer(t, Config{})
	n.reply = asking()
	c := enter(t, s)
	get := func(path string) string { return body(t, ask(s, path, func(r *http.Request) { r.AddCookie(c) })) }
	for _, path := range []string{"/ask/log", "/ask/show", "/export"} {
		if res := ask(s, path, nil); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s without a session: %s", path, res.Status)
		}
	}
	for _, verb := range []string{"ring", "stop", "sign-off", "send", "desk", "no-such", "find"} {
		if out := get("/ask/" + verb); !strings.Contains(out, `class="warn"`) || n.done(verb) != 0 {
			t.Errorf("%s was asked: %s", verb, out)
		}
	}
	out := get("/ask/log?args=" + url.QueryEscape(`{"words":"yours","before":"A7-80"}`))
	for _, want := range []string{"2 found", `data-older="A7-3"`, "Cpt Bruni", "Is this &lt;i&gt;yours&lt;/i&gt;?", `data-args="{&#34;id&#34;:&#34;A7-41&#34;}"`, `<b class="chip">test</b>`} {
		if !strings.Contains(out, want) {
			t.Errorf("a page of the record lacks %s:\n%s", want, out)
		}
	}
	if q, _ := n.acts[len(n.acts)-1].(act.ReadLog); q.Last != 100 || q.Words != "yours" || q.Before != "A7-80" {
		t.Errorf("the node was asked %+v", q)
	}
	if out := get("/ask/log?args=nonsense"); !strings.Contains(out, "could not be read") {
		t.Error(out)
	}
	sheet := get("/ask/log?sheet&args={}")
	for _, want := range []string{"Communications log", "Prepared by", "Lt Amaro", ">Time<", ">From<", ">To<", ">Message<", "TEST", "Signature"} {
		if !strings.Contains(sheet, want) {
			t.Errorf("the sheet lacks %s:\n%s", want, sheet)
		}
	}
	if strings.Index(sheet, "A7-41") > strings.Index(sheet, "B7-42") {
		t.Error("the sheet does not begin with what was first")
	}
	for path, want := range map[string]string{"show?args={}": "parley/v1 message.information", "calls": "answered", "verify": "HOLDS"} {
		if out := get("/ask/" + path); !strings.Contains(out, want) {
			t.Errorf("%s lacks %s: %s", path, want, out)
		}
	}
	if res := ask(s, "/export", func(r *http.Request) { r.AddCookie(c) }); !strings.Contains(res.Header.Get("Content-Disposition"), "attachment") || body(t, res) != "the record" {
		t.Errorf("the export: %v", res.Header)
	}
}

// A refusal says on the page what to do there: no verb of the shell. SPEC: PAG-058
func TestNoHintOnThePageNamesAVerbOfTheShell(t *testing.T) {
	for lang, rows := range map[string]map[string]string{
		"en": {"sign on first: parley sign-on": "sign on first", "see: parley log": "", "as: parley event add incursion --when 2022-02-24": "", "parley check confirm a|b|c|d": "",
			"ask again when it has ended": "ask again when it has ended", "": ""},
		"it": {"sign on first: parley sign-on": "prima prendere servizio", "see: parley log": ""},
	} {
		for way, want := range rows {
			if e := refusal(hint.New(way, "there is no call"), lang); e.Hint != want || e.What == "" {
				t.Errorf("%s: %q became %q", lang, way, e.Hint)
			}
		}
	}
	s, n := testServer(t, Config{})
	n.fail = hint.New("write it, or choose a phrase: parley phrase list", "there is nothing to send")
	c := enter(t, s)
	if out := body(t, ask(s, "/ask/log", func(r *http.Request) { r.AddCookie(c) })); !strings.Contains(out, "<small>write it, or choose a phrase</small>") {
		t.Error(out)
	}
}

// SPEC: PAG-054
func TestFormsAreMadeOfTheTableOfVerbs(t *testing.T) {
	s, n := testServer(t, Config{})
	n.reply = asking()
	tab := s.addTab("x", act.Who{Officer: "A7-2"}, "en")
	for _, verb := range append(entries(), "ring", "stop") {
		html, _, ok, err := s.openForm(tab, openForm{"act", verb})
		if !ok || err != nil {
			t.Fatalf("%s: %v", verb, err)
		}
		delete(tab.open, "entry")
		v, _ := act.Of(verb)
		for _, m := range v.Members() {
			if !strings.Contains(html, `name="`+m.Name) && m.Pick != "desk" {
				t.Errorf("the form of %s lacks %s", verb, m.Name)
			}
			for _, w := range m.Words {
				if !strings.Contains(html, `value="`+w+`"`) {
					t.Errorf("the form of %s does not offer %s", verb, w)
				}
			}
		}
		for what, bad := range map[string]string{"a label without words": `>in\.|\[[a-z]+\.`, "a choice made beforehand": `name="(kind|outcome|priority|channel)"[^>]*>(<option[^>]*>[^<]*</option>)*<option[^>]* selected`} {
			if regexp.MustCompile(bad).MatchString(html) {
				t.Errorf("the form of %s has %s: %s", verb, what, html)
			}
		}
	}
	html, _, _, _ := s.openForm(tab, openForm{"act", "request.outcome"})
	if !strings.Contains(html, `<option value="A7-9">1 Nov · call · Minister → Minister</option>`) || !strings.Contains(html, `name="outcome" required`) {
		t.Error(html)
	}
	delete(tab.open, "entry")
	if _, _, ok, err := s.openForm(tab, openForm{"act", "fly"}); ok || err == nil {
		t.Error("a form of no act was opened")
	}
}

// elsewhere are the verbs that are no key of the page, and why.
var elsewhere = map[string]string{
	"confirm": "a line that is paired has a page", "open": "its answer is the way to this page", "sign-on": "who opens the page is signed on", "shown": "what was seen is stated by itself", "inbox": "the messages and the third answer",
	"status": "the page itself", "alarm.list": "a panel", "phrase.list": "the composer", "post.list": "what the forms offer", "find": "the search of the record", "contacts": "a panel", "type": "the field beside a call, letter by letter",
	"statement.draft": "its answer is a file, which the second officer takes to his own desk", "statement.release": "its answer is a file to hand out",
}

// Whatever can be done at the shell can be done at the page. SPEC: PAG-054
func TestEveryActIsOnThePage(t *testing.T) {
	src := ""
	for _, dir := range []string{"templates", "static"} {
		read := templateFiles
		if dir == "static" {
			read = staticFiles
		}
		files, err := read.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, _ := read.ReadFile(dir + "/" + f.Name())
			src += string(b)
		}
	}
	for _, of := range act.Words("about") {
		for _, lang := range words.Langs() {
			if _, ok := words.Get(lang, "about."+of); !ok {
				t.Errorf("%s has no word for %s", lang, of)
			}
		}
	}
	for _, v := range act.Table {
		verb := v.Act.Verb()
		if v.Name == "" || elsewhere[verb] != "" || slices.Contains(entries(), verb) {
			continue
		}
		here := false
		for _, key := range []string{`data-verb="` + verb + `"`, `data-ask="` + verb + `"`, `data-load="` + verb + `"`, `data-form="act" data-id="` + verb + `"`, `act('` + verb + `'`} {
			here = here || strings.Contains(src, key)
		}
		if !here {
			t.Errorf("%s is not on the page", v.Name)
		}
	}
}

// An officer searches the record, reads on, looks at an item, prints the watch's log, and states a contact, all by keys and
// forms. SPEC: PAG-053 PAG-054 PAG-055
func TestSearchAndAFormInABrowser(t *testing.T) {
	r := newRig(t)
	n := r.nodes[0]
	n.reply = asking()
	w := browser(t, 1366, 768)
	w.begin(t, `window.print = () => { window.printed = (window.printed || 0) + 1; }`)
	link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery), chromedp.Click("#page-record", chromedp.ByQuery), chromedp.WaitVisible("#p-log tbody tr", chromedp.ByQuery),
		chromedp.SendKeys("#q-words", "yours\r", chromedp.ByQuery), chromedp.WaitVisible("#found tbody tr", chromedp.ByQuery))
	w.is(t, `document.activeElement.tagName === 'H2' && getComputedStyle(document.querySelector('#p-log')).display === 'none' && document.querySelector('#q-words').value === 'yours'`)
	w.run(t, chromedp.Click("#found [data-older]", chromedp.ByQuery))
	w.is(t, `document.querySelectorAll('#found tbody').length === 2`)
	n.mu.Lock()
	q, _ := n.acts[len(n.acts)-1].(act.ReadLog)
	n.mu.Unlock()
	if q.Words != "yours" || q.Before != "A7-3" {
		t.Errorf("the next page was asked as %+v", q)
	}
	w.run(t, chromedp.Click("#rec-sheet", chromedp.ByQuery))
	w.is(t, `window.printed === 1 && document.querySelector('#sheet h1').textContent === 'Communications log'`)
	w.run(t, chromedp.Click("#found [data-ask=show]", chromedp.ByQuery))
	w.is(t, `document.querySelector('#found #d-signed') !== null && document.querySelector('#stop').getBoundingClientRect().height > 40`)
	w.run(t, chromedp.Click("#page-counterparts", chromedp.ByQuery))
	w.is(t, `document.querySelector('#found').childElementCount === 0`)
	w.run(t, chromedp.Click("#d-enter summary", chromedp.ByQuery), chromedp.Click(`[id="en-contact.add"]`, chromedp.ByQuery), chromedp.WaitVisible("#e-kind", chromedp.ByQuery),
		chromedp.SetValue("#e-kind", "call", chromedp.ByQuery), chromedp.SendKeys("#e-when", "2026-11-18", chromedp.ByQuery), chromedp.Click(`[name="participants[]"]`, chromedp.ByQuery),
		chromedp.SetValue("#e-basis", "own", chromedp.ByQuery), chromedp.Click("#p-entry [type=submit]", chromedp.ByQuery))
	w.is(t, `document.querySelector('#p-entry form') === null`)
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range n.acts {
		if c, ok := a.(act.ContactAdd); ok {
			if c.Kind != "call" || c.When != "2026-11-18" || !slices.Equal(c.Participants, []string{"A7-5"}) || c.Basis != "own" || c.Private {
				t.Errorf("stated: %+v", c)
			}
			w.clean(t)
			return
		}
	}
	t.Error("the contact was not stated")
}

// dealings are contacts of theirs and of ours and a request of each side, to be pressed in a browser.
func dealings() map[string]act.Reply {
	r := asking()
	c := view.Counterparts{Contacts: []view.Dealing{{ID: "B7-9", When: "20 Nov", Kind: "meeting", With: "Minister", Party: "borealia", Whose: "them", WhoseWord: "stated by them"}},
		Sides: []view.Side{{From: "aurelia", To: "borealia", Requests: []view.Dealing{{ID: "A7-9", When: "1 Nov", Kind: "call", From: "Minister", With: "Minister", Party: "aurelia", Outcome: "declined"}}},
			{From: "borealia", To: "aurelia", Requests: []view.Dealing{{ID: "B7-8", When: "2 Nov", Kind: "call", From: "Minister", With: "Minister", Party: "borealia", Outcome: "open", Attempts: []view.Dealing{{When: "2 Nov", Party: "borealia", Outcome: "open", Word: "open"}}}}}}}
	r["contacts"], r["requests"] = act.Reply{Data: view.Desk{Lang: "en", Counterparts: c}}, act.Reply{Data: view.Desk{Lang: "en", Counterparts: c}}
	r["raised"] = act.Reply{Data: view.Desk{Lang: "en", Counterparts: view.Counterparts{Concerns: []view.Dealing{{ID: "A7-12", Quote: "two jets", Age: "3 days", Outcome: "open"}, {ID: "A7-13", Quote: "answered long ago", Age: "9 days", Outcome: "answered"}}}}}
	d := view.Desk{Lang: "en", Header: view.Header{Party: "aurelia", Peer: "borealia"}, Readouts: []view.FiledReadout{{ID: "A7-20", Party: "aurelia", About: "B7-9", Word: "meeting"}, {ID: "B7-21", Party: "borealia", About: "B7-9", Word: "meeting"}, {ID: "A7-22", Party: "aurelia", About: "A7-5", Word: "call"}},
		Points: []view.Remark{{ID: "A7-20", Party: "aurelia", Sort: "raised", Word: "raised", Text: "two jets"}, {ID: "B7-21", Party: "borealia", Sort: "said", Word: "said", Text: "volo di addestramento", TextLang: "it"}}}
	r["readouts"] = act.Reply{Data: d}
	r["statement.list"] = act.Reply{Data: view.Desk{Lang: "en", Press: []view.PressText{
		{ID: "Ap1-4", Head: "DRAFT, by Lt Amaro, 2026-11-24 02:41Z. Not released.", Draft: true, Checked: []string{"Still sought: 2."}},
		{ID: "A7-30", Head: "drafted by Lt Amaro, released by Ms Reyes, 2026-11-23 09:00Z", Opinion: "We go on <i>asking</i>.", OpinionLang: "en", Checked: []string{
			"The line was tested on 23 of 23 days since 1 November 2026. The last test that an officer at each end answered was that of 23 November 2026 at 09:00 UTC.",
			"The last contact between “Minister of Defence” (aurelia) and “Secretary of War” (borealia) was a call, on 18 February 2026, by the word of aurelia alone."}}}}}
	return r
}

// Beside each contact, request, concern and readout stand the acts that can follow it here, and whose word it is; those of a
// readout stand side by side, ours and theirs; of a statement for the press what is checked stands apart from what is not.
// SPEC: PAG-054 CNT-018 RDO-007 PRS-008
func TestRowsHaveTheKeysOfWhatCanFollow(t *testing.T) {
	s, n := testServer(t, Config{})
	n.reply = dealings()
	c := enter(t, s)
	get := func(verb string) string {
		return body(t, ask(s, "/ask/"+verb, func(r *http.Request) { r.AddCookie(c) }))
	}
	for verb, wants := range map[string][]string{
		"contacts":       {`data-id="contact.confirm B7-9"`, `data-id="contact.dispute B7-9"`, `data-id="concern.raise B7-9"`, `data-id="readout.file B7-9"`, "stated by them"},
		"requests":       {`data-verb="request.again" data-args="{&#34;id&#34;:&#34;A7-9&#34;}"`, `data-id="request.withdraw A7-9"`, `data-id="request.accept B7-8"`, `data-id="request.counter B7-8"`, `data-id="request.confirm B7-8"`, `data-id="assess B7-8"`},
		"raised":         {`data-id="concern.answer A7-12"`, `data-id="concern.overtaken A7-12"`},
		"statement.list": {`<section class="draft">`, "✓ checked", "released by Ms Reyes", `<span>opinion, not checked</span><q class="said" dir="auto" lang="en">We go on &lt;i&gt;asking&lt;/i&gt;.</q>`},
		"readouts":       {`data-id="readout.step A7-20"`, `data-id="readout.except B7-21"`, "volo di addestramento", "borealia: none on record"},
	} {
		out := get(verb)
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("%s lacks %s: %s", verb, want, out)
			}
		}
	}
	for verb, not := range map[string]string{"requests": "request.accept A7-9", "raised": "concern.answer A7-13", "readouts": "readout.except A7-20"} {
		if strings.Contains(get(verb), not) {
			t.Errorf("%s offers %s", verb, not)
		}
	}
	tab := s.addTab("x", act.Who{Officer: "A7-2"}, "en")
	for _, verb := range []string{"contact.confirm B7-9", "request.accept B7-8", "concern.answer A7-12", "readout.except B7-21", "assess A7-9", "request.withdraw A7-99"} {
		html, _, _, err := s.openForm(tab, openForm{"act", verb})
		delete(tab.open, "entry")
		_, id, _ := strings.Cut(verb, " ")
		if err != nil || !strings.Contains(html, `<option value="`+id+`" selected>`) {
			t.Errorf("the form of %s does not have its item: %v %s", verb, err, html)
		}
	}
	for verb, want := range map[string][]string{"terms.propose": {`name="due" data-pairs`, `name="seal" data-pairs`}, "contact.add": {`name="people.A7-5"`, ">where<", "whose statement"}} {
		html, _, _, _ := s.openForm(tab, openForm{"act", verb})
		delete(tab.open, "entry")
		for _, w := range want {
			if !strings.Contains(html, w) {
				t.Errorf("the form of %s lacks %s: %s", verb, w, html)
			}
		}
	}
}

// An officer confirms what the other side stated, names two people of a post, proposes other clocks and files a readout of two
// points, by keys and forms; each form ends where it was begun. The table of pairs fits its box at every size. SPEC: PAG-054 PAG-056
func TestCounterpartsByFormsInABrowser(t *testing.T) {
	r := newRig(t)
	n := r.nodes[0]
	n.reply = dealings()
	n.show(fixtureRead)
	w := browser(t, 1366, 768)
	link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery), chromedp.Click("#page-counterparts", chromedp.ByQuery), chromedp.WaitVisible("#p-counterparts table", chromedp.ByQuery))
	for _, lang := range []string{"it", "en"} {
		w.run(t, chromedp.Click("#lang-"+lang, chromedp.ByQuery))
		w.is(t, fmt.Sprintf(`document.documentElement.lang === %q && document.querySelector('#p-foot').innerText.includes(%q)`, lang, words.T(lang, "keys.answer")))
		w.is(t, `document.querySelectorAll('[data-load] .beside').length === 2`)
		w.is(t, `(e => e.querySelectorAll('li').length === 4 && e.querySelector('q').textContent === 'We go on <i>asking</i>.')(document.querySelector('[data-load="statement.list"]'))`)
		for _, wide := range []int64{1366, 1920, 390} {
			w.run(t, chromedp.EmulateViewport(wide, 768))
			w.is(t, `(b => document.documentElement.scrollWidth <= innerWidth && b.scrollWidth <= b.clientWidth + 1 && [...b.querySelectorAll('th, td')].every(e => e.scrollWidth <= e.clientWidth + 1))(document.querySelector('#p-counterparts .scroll'))`)
			w.is(t, `[...document.querySelectorAll('[data-load="statement.list"] :is(section, p, q, span)')].every(e => e.scrollWidth <= e.clientWidth + 1 || getComputedStyle(e).display === 'inline')`)
			w.is(t, `[...document.querySelectorAll('.cal text')].every(e => 16 * e.getScreenCTM().a >= 12.9)`)
		}
		w.run(t, chromedp.EmulateViewport(1366, 768))
	}
	form := func(open string, fill ...chromedp.Action) {
		t.Helper()
		w.run(t, chromedp.Evaluate(`document.querySelector('#d-enter').open = `+strconv.FormatBool(strings.HasPrefix(open, "[id="))+`; 0`, nil), chromedp.Click(open, chromedp.ByQuery), chromedp.WaitVisible("#p-entry form", chromedp.ByQuery))
		w.run(t, append(fill, chromedp.Click("#p-entry [type=submit]", chromedp.ByQuery))...)
		w.is(t, `!document.querySelector('#p-entry form') && document.body.dataset.page === 'counterparts'`)
	}
	w.run(t, chromedp.Click("#cp-contacts", chromedp.ByQuery), chromedp.WaitVisible("#cp-found .rowkeys", chromedp.ByQuery))
	form(`[data-id="contact.confirm B7-9"]`)
	form(`[id="en-readout.file"]`, chromedp.SetValue("#e-id", "B7-9", chromedp.ByQuery), chromedp.SetValue("[data-point] select", "raised", chromedp.ByQuery), chromedp.SendKeys("[data-point] textarea", "two jets", chromedp.ByQuery),
		chromedp.Click("[data-another]", chromedp.ByQuery), chromedp.KeyEvent("a\t"), chromedp.KeyEvent("coast\t"), chromedp.KeyEvent("48 h\nof notice"))
	form(`[id="en-terms.propose"]`, chromedp.SendKeys("#e-from", "011200Z DEC 26", chromedp.ByQuery), chromedp.SendKeys("#e-due", "FLASH.acknowledged=60, FLASH.responded=300", chromedp.ByQuery))
	form(`[id="en-contact.add"]`, chromedp.SetValue("#e-kind", "call", chromedp.ByQuery), chromedp.SendKeys("#e-when", "2026-11-18", chromedp.ByQuery), chromedp.Click(`[name="participants[]"]`, chromedp.ByQuery),
		chromedp.SendKeys("[data-number]", "2", chromedp.ByQuery), chromedp.SendKeys(`[name^="people."]`, "A. Amaro; B. Bruni", chromedp.ByQuery), chromedp.SetValue("#e-basis", "own", chromedp.ByQuery))
	w.run(t, chromedp.EmulateViewport(390, 844), chromedp.Evaluate(`document.querySelector('#d-enter').open = true; 0`, nil), chromedp.Click(`[id="en-readout.file"]`, chromedp.ByQuery), chromedp.WaitVisible("[data-another]", chromedp.ByQuery))
	w.is(t, `(keys => [...document.querySelectorAll('#p-entry .fields :is(button, input, select, textarea)')].every(e => e.getBoundingClientRect().bottom <= keys.getBoundingClientRect().top))(document.querySelector('#p-entry form > .acts'))`) // no key stands over a field
	n.mu.Lock()
	defer n.mu.Unlock()
	want := map[string]bool{}
	for _, a := range n.acts {
		switch a := a.(type) {
		case act.Saying:
			want["confirm"] = a.Do == "contact.confirm" && a.ID == "B7-9"
		case act.ReadoutFile:
			want["points"] = a.ID == "B7-9" && a.Lang == "en" && len(a.Points) == 2 && a.Points[0] == "raised: two jets" && strings.HasSuffix(a.Points[1], "/coast: 48 h of notice")
		case act.TermsPropose:
			want["due"] = a.Due["FLASH.acknowledged"] == "60" && a.Due["FLASH.responded"] == "300"
		case act.ContactAdd:
			want["people"] = slices.Equal(a.Participants, []string{"A7-5:2"}) && a.People["A7-5"] == "A. Amaro; B. Bruni"
		}
	}
	for _, k := range []string{"confirm", "points", "due", "people"} {
		if !want[k] {
			t.Errorf("%s was not stated as it was typed: %+v", k, n.acts)
		}
	}
	w.clean(t)
}

// On a line alone there is no key that rings or writes; the ordinary telephone's test is noted by two keys, and STOP says that
// it stands here only. SPEC: ALN-013 PAG-054
func TestLineAloneInABrowser(t *testing.T) {
	r := newRig(t)
	n := r.nodes[0]
	n.show(func(us, them, l string) view.Desk {
		d := fixtureIdle(us, them, l)
		for _, s := range states() {
			if s.name == "alone" {
				s.make(&d, func(k string, a ...any) string { return words.T(l, k, a...) })
			}
		}
		return d
	})
	w := browser(t, 1366, 768)
	link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, "en")
	w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#d-note", chromedp.ByQuery))
	w.is(t, `!document.querySelector('#c-ring, #b-write, #b-flash, #ck-now') && document.querySelector('#p-call').innerText.includes('555 0199') && document.querySelector('#stop').innerText.includes('stands here only')`)
	w.run(t, press("F6", "F6", 117, 0), press("3", "Digit3", 51, 0))
	wait(t, "the test that was noted", func() bool { return n.done("check.note") == 1 })
	n.mu.Lock()
	defer n.mu.Unlock()
	if a, _ := n.acts[len(n.acts)-1].(act.CheckNote); a.Outcome != "no-answer" {
		t.Errorf("noted: %+v", a)
	}
}
