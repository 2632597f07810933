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
	"time"

	"example.org/parley/internal/view"
	"example.org/parley/words"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static/*
var staticFiles embed.FS

// panels are drawn in this order; each is one template and one element of the page. What they are drawn in is in
// static/page.css: colours of measured contrast, a shape and a word beside each. SPEC: PAG-031 PAG-037
func panels() []string {
	return []string{"state", "header", "sentences", "stops", "urgent", "call", "meters", "sound", "liveness", "alarms",
		"msghead", "messages", "check", "counterparts", "calls", "log", "help"}
}

// slots are the panels that hold a form while it is open, by the name of the form. SPEC: PAG-010
func slot(form string) string {
	return map[string]string{"decline": "fcall", "refuse": "fstop", "lift": "fstop", "ack": "fmsg", "respond": "fmsg", "compose": "compose", "check": "fcheck"}[form]
}

// artist holds the templates of every language, with that language's words bound to t.
type artist map[string]*template.Template

// field is a phrase's field with the id of its element.
type field struct {
	ID string
	F  view.Field
}

// newArtist parses the templates once a language; html/template escapes whatever stands in a view. SPEC: PAG-028
func newArtist() (artist, error) {
	a := artist{}
	for _, lang := range words.Langs() {
		t, err := template.New("page").Funcs(funcs(lang)).ParseFS(templateFiles, "templates/*.html")
		if err != nil {
			return nil, err
		}
		a[lang] = t
	}
	return a, nil
}

func funcs(lang string) template.FuncMap {
	return template.FuncMap{
		"t":     func(key string, args ...any) string { return words.T(lang, key, args...) },
		"word":  func(lang, key string) string { return words.T(lang, key) },
		"join":  func(parts ...string) string { return strings.Join(parts, "") },
		"upper": strings.ToUpper,
		"str":   strconv.Itoa,
		"clock": view.Clock,
		"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"ms":    view.Ms,
		"inc":   func(i int) int { return i + 1 },
		"has":   func(list []string, s string) bool { return slices.Contains(list, s) },
		"args":  jsonArgs,
		"field": func(prefix string, f view.Field) field { return field{prefix + f.Name, f} },
		"foot":  func(key string) map[string]string { return map[string]string{"Key": key} },
		"layer": func(up bool) view.Layer {
			s := map[bool]string{true: "up", false: "down"}[up]
			return view.Layer{State: s, Word: words.T(lang, "layer."+s)}
		},
	}
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
	D      view.Desk
	Lang   string
	Langs  []string
	Tab    string
	Seq    uint64
	Demo   string // origin of the demo's page that may frame this one
	Panels map[string]template.HTML
	open   map[string]openForm

	// of a form
	Form  string
	ID    string
	Prec  string
	Reply string
	Msg   *view.Message
}

// openForm is a form that a person has open in one tab.
type openForm struct {
	Form string `json:"form"`
	ID   string `json:"id,omitempty"`
}

// Hidden says that a message must not be on the screen: its values are being read back. SPEC: PAG-011
func (s sheet) Hidden(id string) bool {
	f, ok := s.open["fmsg"]
	return ok && f.Form == "ack" && f.ID == id && slices.ContainsFunc(s.D.Messages, func(m view.Message) bool { return m.ID == id && len(m.ReadBack) > 0 })
}

// Urgent are all messages that wait for a person now, FLASH first, then as they came: they stand above everything else
// but a STOP, since a desk with a call and an open form has its messages below the edge of the screen. SPEC: PAG-032
func (s sheet) Urgent() (out []view.Message) {
	for _, m := range slices.Backward(s.D.Messages) {
		if m.Urgent && !s.Hidden(m.ID) {
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b view.Message) int { return cmp.Compare(a.Precedence, b.Precedence) }) // FLASH, IMMEDIATE
	return out
}

// Lifted are the STOPs that stand no more, the newest: what was lifted leaves its trace.
func (s sheet) Lifted() (out []view.Stop) {
	for _, st := range s.D.Stops {
		if !st.Stands && len(out) < 3 {
			out = append(out, st)
		}
	}
	return out
}

// Classes are what a call may be said to have been.
func (s sheet) Classes() []view.Choice {
	var cs []view.Choice
	for _, c := range []string{"substantive", "service", "test"} {
		cs = append(cs, view.Choice{Code: c, Word: words.T(s.Lang, "class."+c)})
	}
	return cs
}

// When writes an instant with its day where that is not the drawn one's.
func (s sheet) When(t time.Time) string { return view.When(s.Lang, t, s.D.AsOf) }

// Clock writes an instant of today to the second, any other with its day.
func (s sheet) Clock(t time.Time) string { return view.Moment(s.Lang, t, s.D.AsOf) }

// steps is a ladder with the clock that it is drawn by.
type steps struct {
	sheet
	Steps []view.Step
}

// Ladder gives the template of a ladder its steps.
func (s sheet) Ladder(list []view.Step) steps { return steps{s, list} }

// Title is the page's title: it names the call that is under way.
func (s sheet) Title() string {
	h := s.D.Header
	party := strings.ToUpper(h.Party)
	if c := s.D.Call; c.State != "idle" && c.State != "ended" {
		return words.T(s.Lang, "title.call", party, c.Word)
	}
	return words.T(s.Lang, "title", party)
}

// Assert is what a screen reader says at once: a ring, a STOP, a FLASH, an alarm high.
func (s sheet) Assert() string {
	var out []string
	for _, st := range s.D.Stops {
		if st.Stands && !st.Ours {
			out = append(out, words.T(s.Lang, "hear.stop", st.From))
			break
		}
	}
	if s.D.Call.State == "ringing-here" {
		out = append(out, words.T(s.Lang, "hear.ring", s.D.Header.Peer))
	}
	for _, a := range s.D.Alarms {
		if a.Priority == "high" && a.State == "raised" {
			out = append(out, words.T(s.Lang, "hear.alarm", a.Cause))
		}
	}
	for _, m := range s.D.Messages {
		if m.Urgent && m.Precedence == "FLASH" && !s.Hidden(m.ID) {
			out = append(out, words.T(s.Lang, "hear.flash", m.From, plain(m.Spans)))
		}
	}
	return strings.Join(out, " ")
}

// Polite is what it says when it has time: the call's state, the newest message, the other alarms.
func (s sheet) Polite() string {
	var out []string
	if c := s.D.Call; c.State != "ringing-here" {
		out = append(out, words.T(s.Lang, "hear.call", strings.TrimSpace(c.Word+" "+c.OutcomeWas)))
	}
	for _, a := range s.D.Alarms {
		if a.Priority != "high" && a.State == "raised" {
			out = append(out, words.T(s.Lang, "hear.alarm", a.Cause))
		}
	}
	if len(s.D.Messages) > 0 && !s.D.Messages[0].Ours && !s.Hidden(s.D.Messages[0].ID) {
		m := s.D.Messages[0]
		out = append(out, words.T(s.Lang, "hear.msg", m.Words.Precedence, m.From, plain(m.Spans)))
	}
	return strings.Join(out, " ")
}

// Tone is what the desk sounds now: alarm high before a ring before the other alarms. SPEC: PAG-012
func (s sheet) Tone() string {
	for _, st := range s.D.Stops {
		if st.Stands && slices.Contains(st.Acts, "take") {
			return "high"
		}
	}
	for _, m := range s.D.Messages {
		if m.Urgent && m.Precedence == "FLASH" {
			return "high"
		}
	}
	tone := ""
	for _, a := range s.D.Alarms {
		if a.State == "raised" && a.Sound == "high" {
			return "high"
		}
		if a.State == "raised" && a.Sound == "medium" {
			tone = "alarm"
		}
	}
	if s.D.Call.State == "ringing-here" {
		return "ring"
	}
	return tone
}

func plain(spans []view.Span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.Text)
	}
	return b.String()
}

// draw gives one template's HTML.
func (a artist) draw(name string, s sheet) (string, error) {
	var b strings.Builder
	if err := a[words.Lang(s.Lang)].ExecuteTemplate(&b, name, s); err != nil {
		return "", fmt.Errorf("couldn't draw %s: %w", name, err)
	}
	return strings.TrimSpace(b.String()), nil
}
