// SPDX-License-Identifier: Apache-2.0

package page

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/register"
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
	"status": "the page itself", "alarm.list": "a panel", "phrase.list": "the composer", "post.list": "what the forms offer", "find": "the search of the record", "contacts": "a panel",
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
	for _, v := range act.Table {
		verb := v.Act.Verb()
		if v.Name == "" || elsewhere[verb] != "" || slices.Contains(entries(), verb) {
			continue
		}
		here := false
		for _, key := range []string{`data-verb="` + verb + `"`, `data-ask="` + verb + `"`, `data-form="act" data-id="` + verb + `"`, `act('` + verb + `'`} {
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
