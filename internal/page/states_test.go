// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/view"
	"example.org/parley/message/phrase"
	"example.org/parley/wire"
	"example.org/parley/words"
)

// state is one state of the desk: its name, what it shows, and how it differs from a quiet desk.
type state struct {
	name string
	make func(d *view.Desk, w func(string, ...any) string)
}

// states are those that a desk can be in; doc/desk shows each of them.
func states() []state {
	call := func(state, word, by string, acts ...string) func(d *view.Desk, w func(string, ...any) string) {
		return func(d *view.Desk, w func(string, ...any) string) {
			d.Call = view.Call{State: state, Word: w(word), ID: "c1", Since: at("14:02:24"), By: by, Class: "substantive", Mark: "actual", Acts: acts}
		}
	}
	alarms := func(d *view.Desk, w func(string, ...any) string, n int, state string) {
		for i := range n {
			p := []string{"high", "medium", "low"}[i%3]
			d.Alarms = append(d.Alarms, alarm.Alarm{Condition: alarm.Condition{ID: fmt.Sprint("A", i+1)}, Priority: p, State: state, Since: at("13:40:00"), Gone: at("13:52:00"), Cause: fmt.Sprint("A STEP IS OVERDUE: A2-", i), Do: "Ours: read the item and take the step. Theirs: ring them and ask.", Word: w("prio." + p)})
		}
		d.Answers[2] = view.Glance{Tone: "high", Mark: "alarm", Count: n, Word: w("ans.alarm"), Detail: w("ans.alarm.do")}
	}
	flash := func(d *view.Desk, w func(string, ...any) string, n int) {
		one := fixture(d.Header.Party, d.Header.Peer, d.Lang).Messages[0]
		for i := range n {
			m := one
			m.ID, m.Key = fmt.Sprint("B7-", 42+i), fmt.Sprint("b7", 42+i)
			d.Messages = append([]view.Message{m}, d.Messages...)
		}
		d.Answers[2] = view.Glance{Tone: "flash", Mark: "flash", Count: n, Word: w("ans.flash"), Detail: w("ans.flash.do"), Until: at("14:04:00")}
	}
	stop := func(d *view.Desk, w func(string, ...any) string, ours bool, state string, acts ...string) {
		one := fixtureStop(d.Header.Party, d.Header.Peer, d.Lang).Stops[0]
		one.ID, one.Key = fmt.Sprint(one.ID, len(d.Stops)), fmt.Sprint(one.Key, len(d.Stops))
		one.Ours, one.State, one.Word, one.Acts, one.Stands = ours, state, w("stop.word."+state), acts, state != "lifted"
		if ours {
			one.From, one.By = d.Header.Party, "Lt Amaro"
		}
		if state == "lifted" {
			one.Steps = append(one.Steps[:2:2], view.Progress{Step: "lifted", Word: w("rung.lifted"), State: "done", At: at("14:20:00"), By: one.By, Note: "all boats are clear"})
		}
		d.Stops = append(d.Stops, one)
	}
	return []state{
		{"idle", func(*view.Desk, func(string, ...any) string) {}},
		{"nobody-armed-there", func(d *view.Desk, w func(string, ...any) string) {
			d.Liveness.WeSee.Desk, d.Liveness.WeSee.Officer = view.Layer{State: "unarmed", Word: w("layer.unarmed")}, view.Layer{State: "nobody", Word: w("layer.nobody")}
			d.Answers[1] = view.Glance{Tone: "medium", Mark: "struck", Word: w("ans.nobody"), Detail: w("silent.desk")}
			d.Call.ThereWord = w("silent.desk")
		}},
		{"nobody-signed-on-there", func(d *view.Desk, w func(string, ...any) string) {
			d.Liveness.WeSee.Officer = view.Layer{State: "nobody", Word: w("layer.nobody")}
			d.Answers[1] = view.Glance{Mark: "outline", Word: w("ans.armed"), Detail: w("ans.unsigned", w("armed.n", 1))}
		}},
		{"calling", call("calling", "call.calling", "", "hang-up")},
		{"ringing-there", func(d *view.Desk, w func(string, ...any) string) {
			call("ringing-there", "call.ringing-there", "", "hang-up")(d, w)
			d.Call.Word = w("call.ringing-there", w("desks.n", 2))
		}},
		{"ringing-here", func(d *view.Desk, w func(string, ...any) string) {
			call("ringing-here", "call.ringing-here", "Cpt Bruni", "answer", "decline")(d, w)
			d.Answers[2] = view.Glance{Tone: "ring", Mark: "bell", Word: w("ans.ring", "BOREALIA"), Detail: w("ans.ring.do")}
		}},
		{"connected", func(d *view.Desk, _ func(string, ...any) string) {
			c := fixtureCall(d.Header.Party, d.Header.Peer, d.Lang)
			d.Call, d.Answers = c.Call, c.Answers
		}},
		{"connected-no-sound", func(d *view.Desk, w func(string, ...any) string) {
			c := fixtureCall(d.Header.Party, d.Header.Peer, d.Lang)
			d.Call, d.Call.Mute, d.Call.Word, d.Call.Recording = c.Call, true, w("call.mute"), &view.Layer{State: "here", Word: w("recording.here", w("record.why.hangs"))}
			d.Answers[1] = view.Glance{Tone: "medium", Mark: "voice", Word: w("ans.nosound"), Detail: w("recording.short.here") + " · Cpt Bruni", Since: at("13:59:27")}
		}},
		{"over", func(d *view.Desk, w func(string, ...any) string) {
			d.Call = view.Call{State: "ended", Word: w("call.idle"), OutcomeWas: w("out.answered"), Acts: []string{"ring", "class"}, Class: "substantive", ID: "c1"}
		}},
		{"flash", func(d *view.Desk, w func(string, ...any) string) { flash(d, w, 1) }},
		{"stop-of-theirs", func(d *view.Desk, w func(string, ...any) string) {
			stop(d, w, false, "held", "take", "in-effect", "refuse")
			d.Answers[2] = view.Glance{Tone: "high", Mark: "stop", Count: 1, Word: w("ans.stop"), Detail: w("ans.stop.do"), Until: at("14:03:20")}
		}},
		{"stop-of-theirs-taken", func(d *view.Desk, w func(string, ...any) string) { stop(d, w, false, "taken", "in-effect", "refuse") }},
		{"stop-of-ours", func(d *view.Desk, w func(string, ...any) string) { stop(d, w, true, "held", "lift") }},
		{"stop-in-effect", func(d *view.Desk, w func(string, ...any) string) { stop(d, w, true, "in-effect", "lift") }},
		{"stop-lifted", func(d *view.Desk, w func(string, ...any) string) { stop(d, w, true, "lifted") }},
		{"all-at-once", func(d *view.Desk, w func(string, ...any) string) {
			alarms(d, w, 4, "raised")
			flash(d, w, 1)
			stop(d, w, false, "held", "take", "in-effect", "refuse")
			call("ringing-here", "call.ringing-here", "Cpt Bruni", "answer", "decline")(d, w)
			d.Answers[2] = view.Glance{Tone: "high", Mark: "stop", Count: 2, Word: w("ans.stop+flash"), Detail: w("ans.stop+flash.do") + w("ans.also", 4)}
		}},
		{"many", func(d *view.Desk, w func(string, ...any) string) {
			alarms(d, w, 12, "raised")
			flash(d, w, 8)
			for range 3 {
				stop(d, w, false, "held", "take", "in-effect", "refuse")
			}
			d.Answers[2] = view.Glance{Tone: "high", Mark: "stop", Count: 11, Word: w("ans.stop+flash"), Detail: w("ans.stop+flash.do") + w("ans.also", 12)}
		}},
		{"alarms-over", func(d *view.Desk, w func(string, ...any) string) {
			alarms(d, w, 5, "returned")
			d.Answers[2] = view.Glance{Mark: "tray", Word: w("ans.nothing"), Detail: w("ans.nothing.do")}
		}},
		{"one-path", func(d *view.Desk, w func(string, ...any) string) {
			d.Liveness.Paths[0] = wire.PathState{Label: w("path.n", "1"), Since: at("14:01:51"), TheyHear: true}
			d.Answers[0] = view.Glance{Mark: "one", Word: w("ans.up"), Detail: w("ans.paths", 1, 2, w("tested.today", "09:00Z"))}
		}},
		{"not-heard", func(d *view.Desk, w func(string, ...any) string) {
			for i := range d.Liveness.Paths {
				d.Liveness.Paths[i].TheyHear = false
			}
			d.Answers[0] = view.Glance{Tone: "high", Mark: "down", Word: w("ans.deaf"), Detail: w("cut.recorded")}
		}},
		{"down", func(d *view.Desk, w func(string, ...any) string) {
			for i := range d.Liveness.Paths {
				d.Liveness.Paths[i].TheyHear, d.Liveness.Paths[i].WeHear = false, false
			}
			d.Call.NoPath, d.Call.Word = true, w("ans.down")
			d.Answers[0] = view.Glance{Tone: "high", Mark: "down", Word: w("ans.down"), Detail: d.Liveness.Telephone}
			d.Answers[1] = view.Glance{Mark: "unknown", Word: w("ans.unknown"), Detail: w("layer.unknown")}
		}},
		{"never-up", func(d *view.Desk, w func(string, ...any) string) {
			d.Answers[0] = view.Glance{Tone: "medium", Mark: "alone", Word: w("ans.never"), Detail: d.Liveness.Telephone}
		}},
		{"suspended", func(d *view.Desk, w func(string, ...any) string) {
			d.Answers[0] = view.Glance{Tone: "medium", Mark: "suspended", Word: w("ans.suspended"), Detail: "borealia · 13:40Z · until 24 Nov 18:00Z · work on the cable"}
			d.Check.Word, d.Check.Parts = w("check.none"), nil
		}},
		{"alone", func(d *view.Desk, w func(string, ...any) string) { // SPEC: ALN-013
			tel := w("alone.telephone", d.Header.Peer, "+00 000 555 0199")
			d.Alone, d.Sentences[0] = w("alone", d.Header.Peer), w("line.alone", d.Header.Peer, "+00 000 555 0199")
			d.Call = view.Call{State: "idle", Word: w("alone.ring"), ThereWord: tel, Acts: []string{}}
			d.Answers[0] = view.Glance{Mark: "alone", Word: w("ans.alone"), Detail: w("ans.alone.tested", w("tested.today", "09:00Z"))}
			d.Answers[1] = view.Glance{Mark: "unknown", Word: w("layer.alone"), Detail: tel}
		}},
		{"check-overdue", func(d *view.Desk, w func(string, ...any) string) {
			d.Answers[0] = view.Glance{Tone: "medium", Mark: "clock", Word: w("ans.up"), Detail: w("ans.paths", 2, 2, w("tested.today", "09:00Z"))}
		}},
		{"starting", func(d *view.Desk, w func(string, ...any) string) {
			d.Answers[0] = view.Glance{Tone: "medium", Mark: "up", Word: w("ans.starting"), Detail: w("ans.rows", "8200/20000")}
		}},
		{"unrecorded", func(d *view.Desk, w func(string, ...any) string) {
			d.Unrecorded = "The disk takes nothing since 14:01Z: what is said now is not on record."
			d.Answers[0] = view.Glance{Tone: "medium", Mark: "up", Word: w("ans.unrecorded", w("ans.up")), Detail: d.Unrecorded}
		}},
		{"text-longer-than-the-slab", func(d *view.Desk, w func(string, ...any) string) {
			flash(d, w, 1)
			d.Messages[0].Spans = []phrase.Span{{Text: strings.Repeat("Two of our people are in the water at buoy seven and nobody answers. ", 60)}}
		}},
		{"not-signed-on", func(d *view.Desk, w func(string, ...any) string) {
			d.Header.Officer, d.Header.Word = "", w("header.nobody")
		}},
	}
}

// seen says what is wrong with what is on the screen: head, answers, call key and STOP whole and covered by nothing, keys
// large enough, nothing wider than the screen, each answer readable. It gives where the keys stand as well.
const seen = `(() => {
	const bad = [], at = s => { const e = document.querySelector(s); return e && e.getBoundingClientRect(); }, round = r => [r.left, r.top, r.width].map(Math.round).join(' ');
	if (document.documentElement.scrollWidth > innerWidth) bad.push('wider than the screen: ' + document.documentElement.scrollWidth);
	for (const s of ['.head', '.ans', '.callkey', '#stop']) {
		const r = at(s);
		if (!r || r.width < 1) { bad.push(s + ' is not there'); continue; }
		if (r.left < -1 || r.top < -1 || r.right > innerWidth + 1 || r.bottom > innerHeight + 1) bad.push(s + ' is not whole: ' + JSON.stringify(r));
		const k = document.querySelector(s);
		if (s === '.callkey' && k.scrollHeight > k.clientHeight + 1) bad.push('the call key holds more than fits: ' + k.innerText.replace(/\n/g, ' | '));
		if (s === '.callkey' || s === '#stop') for (const [x, y] of [[.5, .5], [.1, .2], [.9, .8]]) {
			const e = document.elementFromPoint(r.left + r.width * x, r.top + r.height * y);
			if (!e || !e.closest(s)) bad.push(s + ' is covered by ' + (e && e.outerHTML.slice(0, 120)));
		}
	}
	for (const e of document.querySelectorAll('button, summary, input, select')) {
		const r = e.getBoundingClientRect();
		if (r.width && e.checkVisibility({ visibilityProperty: true }) && !e.closest('.sr') && (r.height < 23.5 || r.width < 23.5) && !e.matches('[type=radio],[type=checkbox]') ) bad.push('small: ' + e.outerHTML.slice(0, 100) + ' ' + Math.round(r.width) + '×' + Math.round(r.height));
	}
	for (const e of document.querySelectorAll('.answer b')) if (e.scrollWidth > e.clientWidth + 1) bad.push('cut: ' + e.textContent);
	for (const e of document.querySelectorAll('.answer')) { const r = e.getBoundingClientRect(); for (const c of e.querySelectorAll('b, span')) { const q = c.getBoundingClientRect(); if (q.top < r.top - 1 || q.bottom > r.bottom + 1) bad.push('an answer overflows: ' + e.innerText.replace(/\n/g, ' | ')); } }
	return { bad, keys: [round(at('.callkey')), round(at('#stop'))].join(' / ') };
})()`

// first says what hides of the first item that waits, or its key, while nothing was scrolled.
const first = `(e => { if (!e) return ''; const r = e.getBoundingClientRect(), k = e.querySelector('button') || e, q = k.getBoundingClientRect(), top = document.elementFromPoint(q.left + q.width / 2, q.top + q.height / 2);
	return r.top < -1 || r.bottom > innerHeight + 1 || r.bottom > e.closest('.work').getBoundingClientRect().bottom + 1 || r.right > innerWidth + 1 ? 'what waits first is not whole: ' + JSON.stringify(r) : !k.contains(top) ? 'its key is covered by ' + (top && top.outerHTML.slice(0, 100)) : ''; })(document.querySelector('.stack article, .stack .bar:not(.over)'))`

// edged is what has no edge where the browser gives the system's colours alone, and whatever there cannot be seen whole.
const edged = `[matchMedia('(forced-colors: active)').matches ? [] : ['the browser does not take it'],
	[...document.querySelectorAll('.callkey, #stop, .answer, #p-call button, #p-field button')].filter(e => e.checkVisibility() && !['Top', 'Left'].some(s => parseFloat(getComputedStyle(e)['border' + s + 'Width']) >= 1 && getComputedStyle(e)['border' + s + 'Style'] !== 'none')).map(e => 'no edge: ' + (e.id || e.className) + ' ' + e.innerText.slice(0, 30)),
	(` + seen + `).bad].flat()`

// Every state of the desk, in a browser: what an officer must always find is whole and covered by nothing at every size, and
// the call key and STOP stand where they stood in every other state. With PARLEY_STILLS each is photographed for doc/desk;
// with PARLEY_MATRIX axe-core judges every state at every size, theme and language instead of one of them.
//
// SPEC: PAG-018 PAG-031 PAG-037 PAG-057
func TestEveryStateOfTheDesk(t *testing.T) {
	sizes := [][2]int64{{1366, 768}, {1366, 650}, {1920, 1080}, {390, 844}, {683, 384}} // the last: 1366×768 at 200 %
	axe, err := os.ReadFile(os.Getenv("PARLEY_AXE"))
	if err != nil {
		need(t, "axe", "PARLEY_AXE names no axe.min.js: make test has it")
	}
	matrix, stills := os.Getenv("PARLEY_MATRIX") != "", os.Getenv("PARLEY_STILLS")
	r := newRig(t)
	began := time.Now()
	r.desks[0].cfg.Now = func() time.Time { return fixtureNow.Add(time.Since(began)) } // the desk's day, so that its clocks are those of its items
	only := os.Getenv("PARLEY_STATE")                                                  // these states alone, while they are drawn
	for li, lang := range words.Langs() {
		w := browser(t, 1366, 768)
		link, _ := r.desks[0].Link(act.Who{Officer: "A7-2"}, lang)
		r.nodes[0].show(fixtureIdle)
		w.run(t, chromedp.Navigate(link), chromedp.WaitVisible("#b-write", chromedp.ByQuery), chromedp.Evaluate(string(axe)+";0", nil))
		keys := map[[2]int64]string{}
		for i, s := range states() {
			if only != "" && !strings.Contains(" "+only+" ", " "+s.name+" ") {
				continue
			}
			r.nodes[0].show(func(us, them, l string) view.Desk {
				d := fixtureIdle(us, them, l)
				s.make(&d, func(k string, a ...any) string { return words.T(l, k, a...) })
				d.Call.ID = "state-" + s.name
				return d
			})
			w.is(t, fmt.Sprintf(`document.querySelector('#p-state > i').dataset.callid === 'state-%s'`, s.name))
			for j, size := range sizes {
				for k, scheme := range []string{"dark", "light"} {
					one := (i+li)%len(sizes) == j && i%2 == k // what axe-core judges of it each time
					if still := stills != "" && li == 0 && size[1] > 700; !matrix && !one && !still && (k > 0 || li > 0 && j != 1 && j != 3) {
						continue
					}
					w.run(t, emulation.SetDeviceMetricsOverride(size[0], size[1], 1, false), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
					name := fmt.Sprintf("%s %s %d×%d %s", s.name, lang, size[0], size[1], scheme)
					if k == 0 {
						var got struct {
							Bad  []string `json:"bad"`
							Keys string   `json:"keys"`
						}
						w.run(t, chromedp.Evaluate(seen, &got))
						if size[1] < 500 { // at 200 %: of what waits the first is whole too
							var bad string
							if w.run(t, chromedp.Evaluate(first, &bad)); bad != "" {
								got.Bad = append(got.Bad, bad)
							}
						}
						for _, b := range got.Bad {
							t.Errorf("%s: %s", name, b)
						}
						if was := keys[size]; was != "" && was != got.Keys {
							t.Errorf("%s: the call key and STOP stand at %s, and at %s in other states", name, got.Keys, was)
						}
						keys[size] = got.Keys
					}
					if k == 0 && j == 0 && li == 0 { // the system's own colours: what is a key or an answer must have an edge
						var bad []string
						w.run(t, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}), chromedp.Evaluate(edged, &bad))
						for _, b := range bad {
							t.Errorf("%s, forced colours: %s", name, b)
						}
						w.run(t, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "forced-colors", Value: "none"}}))
					}
					if len(axe) > 0 && (matrix || one) {
						var out string
						w.run(t, chromedp.Evaluate(`axe.run(document, {iframes: false}).then(r => (r.passes.length < 15 ? 'axe saw too little\n' : '') + r.violations.map(v => v.id + ': ' + v.help + ' ' + v.nodes.map(n => n.html.slice(0, 160)).join(' | ')).join('\n'))`, &out, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
						if out != "" {
							t.Errorf("%s: %s", name, out)
						}
					}
					if stills != "" && li == 0 && size[1] > 700 {
						photograph(t, w, filepath.Join(stills, fmt.Sprintf("%s-%d-%s.webp", s.name, size[0], scheme)))
					}
				}
			}
		}
		w.clean(t)
	}
}
