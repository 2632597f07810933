// SPDX-License-Identifier: Apache-2.0

package page

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/words"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static/*
var staticFiles embed.FS

// panels are drawn in this order; each is one template and one element of the page. What they are drawn in is in
// static/page.css: colours of measured contrast, a shape and a word beside each. Devices, notices and the screen's lock are the
// browser's (static/page.js, static/sound.js). SPEC: PAG-031 PAG-037 PAG-047 PAG-048
func panels() []string {
	return []string{"state", "header", "answers", "call", "people", "meters", "sound", "calls", "liveness", "stops", "urgent", "ring", "question", "alarms", "letters", "type",
		"sentences", "check", "spoken", "msghead", "messages", "enter", "counterparts", "find", "log", "help", "foot"}
}

// slots are the panels that hold a form while it is open, by the name of the form. SPEC: PAG-010
func slot(form string) string {
	return map[string]string{"decline": "fcall", "refuse": "fstop", "lift": "fstop", "ack": "fmsg", "respond": "fmsg", "compose": "compose", "check": "fcheck", "act": "entry"}[form]
}

// templates holds those of every language, with that language's words bound to t; html/template escapes whatever stands
// in a view. SPEC: PAG-028
var templates = sync.OnceValue(func() map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, lang := range words.Langs() {
		all[lang] = template.Must(template.New("page").Funcs(view.Funcs(lang)).Funcs(template.FuncMap{
			"word":        words.T,
			"str":         strconv.Itoa,
			"iso":         func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
			"troubles":    func() []string { return troubles },
			"tries":       func() []string { return []string{"ring", "flash", "pull", "forge"} },
			"inc":         func(i int) int { return i + 1 },
			"args":        jsonArgs,
			"entrygroups": entryGroups,
			"alonekeys": func() [][2]string {
				return [][2]string{{"watch.step", "alone.note"}, {"call.note", "alone.call"}, {"contact.add", "alone.contact"}, {"request.record", "alone.request"}}
			},
			"outcomes": func() []string { return act.Words("test") },
			"verb":     func(id string) string { verb, _, _ := strings.Cut(id, " "); return verb },
			"instant":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04Z") },
			"lines":    func(s string) []string { return strings.Split(s, "\n") },
			"mine":     mine,
			"filed":    filed,
			"accounts": accounts,
			"figs":     figs,
			"abouts":   func() []string { return act.Words("about") },
			"short":    short,
			"x":        func(day int) int { return day*10 + 5 },
			"calmark":  func(sort string) view.Mark { return view.Mark{Sort: sort} },
			"calrow":   calRow,
			"marksorts": func() [][2]string {
				return [][2]string{{"spoke", "cal.spoke"}, {"declined", "request.declined"}, {"no-reply", "request.no-reply"}, {"not-reached", "request.not-reached"}, {"disputed", "cal.disputed"}, {"tested", "cal.tested"}, {"missed", "cal.missed"}}
			},
			"last":      func(list []view.LogRow) view.LogRow { return list[len(list)-1] },
			"rungs":     rungs,
			"rung":      rung,
			"due":       due,
			"keys":      func() [][2]string { return deskKeys[:4] },
			"allkeys":   func() [][2]string { return append(slices.Clone(deskKeys), boardKeys[:2]...) },
			"boardkeys": func() [][2]string { return append(slices.Clone(boardKeys), deskKeys[:4]...) },
			"pages": func() [][2]string {
				return [][2]string{{"desk", "page.desk"}, {"counterparts", "counterparts"}, {"record", "log"}, {"keys", "keys"}}
			},
			// slab is a message that is read while a form about it is open; with back, what must be typed back is hidden.
			"slab": func(m *view.Message, back bool) any {
				return struct {
					Msg  *view.Message
					Back bool
				}{m, back}
			},
			"hides": func(m *view.Message, back bool, field string) bool {
				return back && slices.ContainsFunc(m.ReadBack, func(b view.Blank) bool { return b.Name == field })
			},
			// field is a value to be typed: into a message that is written, or read back.
			"field": func(prefix string, b view.Blank, compose bool) any {
				return struct {
					ID      string
					F       view.Blank
					Compose bool
				}{prefix + b.Name, b, compose}
			},
			"segments": func(name string, of []view.Choice, usual string) any {
				return struct {
					Name, Usual string
					Of          []view.Choice
				}{name, usual, of}
			},
			"first": func(forms string) string { form, _, _ := strings.Cut(forms, " · "); return form },
		}).ParseFS(templateFiles, "templates/*.html"))
	}
	return all
})

// troubles are what may be wrong with a browser's sound, in the words of static/sound.js.
var troubles = []string{"sound not turned on", "no sound: the browser starts none", "microphone lost", "no microphone", "microphone refused", "no network interface", act.CannotHear, "no connection to the node"}

// deskKeys are the keys of a desk and the names of their words, those at its foot first.
var deskKeys = [][2]string{{"Ctrl+Enter", "keys.answer"}, {"F2 F2", "keys.stop.short"}, {"F4", "mute"}, {"F8", "keys.alarm"},
	{"Ctrl+Shift+Enter", "keys.decline"}, {"F9", "keys.hold"}, {"F2 F2", "keys.stop"}, {"?", "keys.this"}, {"Esc", "keys.back"}}

// boardKeys are those of a board alone.
var boardKeys = [][2]string{{"1–9", "keys.choose"}, {"0", "keys.board"}, {"Enter", "keys.desk"}}

// rungs are the steps of a message that have a column of their own.
func rungs() []string { return []string{"recorded", "held", "shown", "acknowledged", "responded"} }

// rung finds a step by its name, nil where it is not asked for.
func rung(steps []view.Progress, name string) *view.Progress {
	for i := range steps {
		if steps[i].Step == name {
			return &steps[i]
		}
	}
	return nil
}

// due is when the next step is due, nil without one; with names, of those steps only.
func due(steps []view.Progress, names ...string) *time.Time {
	if len(names) > 0 {
		steps = slices.DeleteFunc(slices.Clone(steps), func(s view.Progress) bool { return !slices.Contains(names, s.Step) })
	}
	if t := view.Due(steps); !t.IsZero() {
		return &t
	}
	return nil
}

// short cuts a text to what a row of a table has room for.
func short(s string) string {
	if r := []rune(s); len(r) > 300 {
		return string(r[:299]) + "…"
	}
	return s
}

// jsonArgs writes pairs of name and value as the JSON of an act's arguments.
func jsonArgs(pairs ...any) (string, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	b, err := json.Marshal(m)
	return string(b), err
}

// sheet is what the templates are given.
type sheet struct {
	view.Desk
	Langs    []string
	Tab      string
	Seq      uint64
	Root     string // under which a board frames this desk: /line/NAME
	Passkeys bool   // an officer may sign on here with one
	Named    string // what people call this desk, where it is enrolled
	Enrolled bool   // this browser is a desk, signed on or not
	Framer   string // origin of the demo's page that may frame this one
	Panels   map[string]template.HTML
	open     map[string]openForm

	// of a form
	openForm
	Compose view.Compose
	Send    act.Send // as far as it is written
	Preview view.Preview
	Reply   string
	Msg     *view.Message
	Fields  []field
	Said    string // of a question, the answer in words
	Way     string // out, where it is a refusal

	Rows []row // of the board

	// of the demo's page
	Parts []DemoPart
	Done  []string
}

// openForm is a form that a person has open in one tab.
type openForm struct {
	Form string `json:"form"`
	ID   string `json:"id,omitempty"`
}

// Why says why what is being written could not be sent.
func (s sheet) Why() string { return hint.Of(s.Preview.Wrong).In(s.Lang, words.Say).What }

// Usual is the mark that a message has unless its author chooses another.
func (s sheet) Usual() string {
	if s.Demo {
		return "exercise"
	}
	return "actual"
}

// Hidden says that a message must not be on the screen: its values are being read back. SPEC: PAG-011
func (s sheet) Hidden(id string) bool {
	f, ok := s.open["fmsg"]
	return ok && f.Form == "ack" && f.ID == id && slices.ContainsFunc(s.Messages, func(m view.Message) bool { return m.ID == id && len(m.ReadBack) > 0 })
}

// Urgent are all messages that wait for a person now, FLASH first, then as they came: they stand above everything else
// but a STOP, since a desk with a call and an open form has its messages below the edge of the screen. SPEC: PAG-032
func (s sheet) Urgent() (out []view.Message) {
	out = slices.DeleteFunc(slices.Clone(s.Messages), func(m view.Message) bool { return !m.Urgent || s.Hidden(m.ID) })
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b view.Message) int { return cmp.Compare(a.Precedence, b.Precedence) }) // FLASH, IMMEDIATE
	return out
}

// Lifted are the STOPs that stand no more, the newest: what was lifted leaves its trace.
func (s sheet) Lifted() (out []view.StopCard) {
	out = slices.DeleteFunc(slices.Clone(s.Stops), func(st view.StopCard) bool { return st.Stands })
	return out[:min(3, len(out))]
}

// Classes are what a call may be said to have been.
func (s sheet) Classes() []view.Choice {
	var cs []view.Choice
	for _, c := range []string{"substantive", "service", "test"} {
		cs = append(cs, view.Choice{Code: c, Word: words.T(s.Lang, "class."+c)})
	}
	return cs
}

// Newest is the sheet with what the record's page begins with; more is asked for.
func (s sheet) Newest() sheet {
	s.Log = s.Log[:min(len(s.Log), 20)]
	return s
}

// Standing are the STOPs that stand, those to be taken here first.
func (s sheet) Standing() (out []view.StopCard) {
	out = slices.DeleteFunc(slices.Clone(s.Stops), func(st view.StopCard) bool { return !st.Stands })
	slices.SortStableFunc(out, func(a, b view.StopCard) int {
		return cmp.Compare(slices.Index(b.Acts, "take"), slices.Index(a.Acts, "take"))
	})
	return out
}

// OverIDs are the arguments of the acts that acknowledge them, one by one.
func (s sheet) OverIDs() (string, error) {
	var acts []map[string]string
	for _, a := range s.Over() {
		acts = append(acts, map[string]string{"id": a.Name()})
	}
	b, err := json.Marshal(acts)
	return string(b), err
}

// Drawn is how many of the messages that wait stand open: all kinds of what is urgent fit together in the field.
func (s sheet) Drawn() int {
	if len(s.Standing()) > 0 {
		return 1
	}
	return 2
}

// Folded says how many wait below those that stand open.
func (s sheet) Folded() int { return len(s.Urgent()) - s.Drawn() }

// foldMost is how many of them open in place; more stand among the messages.
const foldMost = 5

// Below says how many of those that are folded stand among the messages alone.
func (s sheet) Below() int { return s.Folded() - foldMost }

// Cards are those that are drawn in the field.
func (s sheet) Cards() []view.Message {
	out := s.Urgent()
	return out[:min(len(out), s.Drawn()+foldMost)]
}

// Lines is how many sentences stand in the calm field: the counterparts have a place of their own.
func (s sheet) Lines() int {
	n := len(s.Sentences)
	if n > 1 && s.Sentences[n-1] == s.Counterparts.Sentence {
		n--
	}
	return n
}

// WaitCount is how much waits for a person here: STOPs to take, FLASH and IMMEDIATE, a ring, new alarms; of a board, on all
// its lines. SPEC: PAG-046
func (s sheet) WaitCount() (n int) {
	for _, r := range s.Rows {
		n += r.WaitCount()
	}
	for _, st := range s.Stops {
		if st.Stands && slices.Contains(st.Acts, "take") {
			n++
		}
	}
	for _, a := range s.Alarms {
		if a.State == "raised" {
			n++
		}
	}
	if s.Call.State == "ringing-here" {
		n++
	}
	return n + len(s.Urgent()) + s.MoreWait
}

// Title is the page's title: how much waits, then the call that is under way; of the board, that it is one.
func (s sheet) Title() string {
	title := words.T(s.Lang, "title", strings.ToUpper(s.Header.Party))
	if len(s.Rows) > 0 {
		title = words.T(s.Lang, "title.call", strings.ToUpper(s.Header.Party), words.T(s.Lang, "page.board"))
	} else if c := s.Call; c.State != "idle" && c.State != "ended" {
		title = words.T(s.Lang, "title.call", strings.ToUpper(s.Header.Party), s.CallWord())
	}
	if n := s.WaitCount(); n > 0 {
		title = fmt.Sprintf("(%d) %s", n, title)
	}
	return title
}

// CallWord is the call's state at this desk: one that is not in the call is not connected.
func (s sheet) CallWord() string {
	if s.Call.Elsewhere && len(s.Call.Pauses) == 0 {
		return words.T(s.Lang, "ans.elsewhere")
	}
	return s.Call.Word
}

// heard is a sentence for a screen reader, with one full stop where what it says has its own.
func (s sheet) heard(key string, args ...any) string {
	return strings.TrimRight(words.T(s.Lang, key, args...), ".") + "."
}

// marked is how urgent a message is, and first that it is an exercise or a test.
func marked(lang string, m view.Message) string {
	word := words.Or(lang, "prec", m.Precedence)
	if m.Class != "substantive" {
		word = words.Or(lang, "class", m.Class) + " " + word
	}
	if m.Mark == "exercise" {
		word = words.Or(lang, "mark", m.Mark) + " " + word
	}
	return word
}

// Assert is what a screen reader says at once: a ring, a STOP, a FLASH, an alarm high.
func (s sheet) Assert() string {
	var out []string
	for _, st := range s.Stops {
		if st.Stands && !st.Ours {
			out = append(out, words.T(s.Lang, "hear.stop", st.From))
			break
		}
	}
	if s.Call.State == "ringing-here" {
		out = append(out, words.T(s.Lang, "hear.ring", s.Header.Peer))
	}
	for _, a := range s.Alarms {
		if a.Priority == "high" && a.State == "raised" {
			out = append(out, s.heard("hear.alarm", a.Cause))
		}
	}
	newest := 3
	for _, m := range s.Messages {
		if m.Urgent && m.Precedence == "FLASH" && !s.Hidden(m.ID) && newest > 0 {
			newest--
			out = append(out, s.heard("hear.flash", marked(s.Lang, m), m.From, view.Plain(m.Spans)))
		}
	}
	return strings.Join(out, " ")
}

// Polite is what it says when it has time: the call's state, the newest message, the other alarms.
func (s sheet) Polite() string {
	var out []string
	if c := s.Call; c.State != "ringing-here" {
		out = append(out, s.heard("hear.call", strings.TrimSpace(s.CallWord()+" "+c.OutcomeWas)))
	}
	for _, a := range s.Alarms {
		if a.Priority != "high" && a.State == "raised" {
			out = append(out, s.heard("hear.alarm", a.Cause))
		}
	}
	if len(s.Messages) > 0 && !s.Messages[0].Ours && !s.Hidden(s.Messages[0].ID) {
		m := s.Messages[0]
		out = append(out, s.heard("hear.msg", marked(s.Lang, m), m.From, view.Plain(m.Spans)))
	}
	return strings.Join(out, " ")
}

// Tone is what the desk sounds now: alarm high before a ring before the other alarms. SPEC: PAG-012
func (s sheet) Tone() string {
	for _, st := range s.Stops {
		if st.Stands && slices.Contains(st.Acts, "take") {
			return "high"
		}
	}
	for _, m := range s.Messages {
		if m.Urgent && m.Precedence == "FLASH" {
			return "high"
		}
	}
	tone := ""
	for _, a := range s.Alarms {
		if a.State == "raised" && a.Sound == "high" {
			return "high"
		}
		if a.State == "raised" && a.Sound == "medium" {
			tone = "alarm"
		}
	}
	if s.Call.State == "ringing-here" {
		if s.Call.Priority != "" { // SPEC: PAG-086
			return "priority"
		}
		return "ring"
	}
	return tone
}

// render gives one template's HTML.
func render(name, lang string, data any) (string, error) {
	var b strings.Builder
	if err := templates()[words.Lang(lang)].ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("couldn't render %s: %w", name, err)
	}
	return strings.TrimSpace(b.String()), nil
}
