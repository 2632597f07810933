// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/view"
	"example.org/parley/words"
)

// pageOf is how many statements a page of the record has; a sheet of the watch's log has sheetOf.
const (
	pageOf  = 100
	sheetOf = 1000
)

// ask answers one question of a desk beside its panels, drawn by the template of its verb: what changes nothing and has one.
// SPEC: PAG-053
func (s *Server) ask(w http.ResponseWriter, r *http.Request) {
	l, ok := s.session(r)
	if !ok {
		s.turnAway(w, r, http.StatusUnauthorized)
		return
	}
	verb, lang := r.PathValue("verb"), words.Lang(firstLang(r))
	name, most := "ask-"+verb, pageOf
	sheetAsked := r.URL.Query().Has("sheet")
	if sheetAsked {
		name, most = "sheet-"+verb, sheetOf
	}
	a, err := act.Decode(verb, []byte(r.URL.Query().Get("args")))
	if v, _ := act.Of(verb); err == nil && (templates()[lang].Lookup(name) == nil || v.Rule&(act.Touches|act.Person) != 0) {
		err = hint.New("", "the page cannot ask %s", verb)
	}
	if q, is := a.(act.ReadLog); is {
		q.Last = most
		a = q
	}
	sh := sheet{Desk: view.Desk{Lang: lang}}
	if err == nil {
		ctx, cancel := context.WithTimeout(r.Context(), actTimeout)
		defer cancel()
		var reply act.Reply
		if reply, err = s.cfg.Node.Do(ctx, l.Who, lang, a); err == nil {
			sh.Said = reply.Text
			if d, ok := reply.Data.(view.Desk); ok {
				sh.Desk = d
			}
			if sheetAsked {
				sh.Header = s.cfg.Node.View(lang, l.Who.Desk).Header
			}
		}
	}
	if err != nil {
		e := refusal(err, lang)
		sh.Said, sh.Way, name = e.What, e.Hint, "ask-no"
	}
	s.answer(w, http.StatusOK, name, lang, sh, nil)
}

// export gives the whole shared record as one file, which anyone can check offline.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	l, ok := s.session(r)
	if !ok {
		s.turnAway(w, r, http.StatusUnauthorized)
		return
	}
	reply, err := s.cfg.Node.Do(r.Context(), l.Who, "en", act.Export)
	if err != nil || reply.File == nil {
		http.Error(w, "there is no export now", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+s.cfg.Name+s.cfg.Now().UTC().Format("-20060102-1504Z")+`.parley"`)
	if err := reply.File(w); err != nil {
		panic(http.ErrAbortHandler) // the browser is told that the file is not whole
	}
}

// entries are the acts about the line, people and offices, which are stated by the one form that is made of their row and tags. SPEC: PAG-054
func entries() (verbs []string) {
	for _, v := range act.Table {
		steps := slices.ContainsFunc(v.Members(), act.Member.Step)
		if slices.Contains([]string{"counterparts", "people", "node"}, v.Group) && (steps || v.Args != "" && !strings.HasPrefix(v.Args, "[")) {
			verbs = append(verbs, v.Act.Verb())
		}
	}
	return slices.Compact(verbs)
}

// wordsOf is where the words of a member's choices stand.
var wordsOf = map[string]string{"basis": "basis", "way": "way", "behalf": "behalf", "contact": "contact", "sought": "contact", "channel": "chan", "outcome": "request", "priority": "why", "about": "about", "class": "class", "mark": "mark", "line": "step.line", "watch": "step.watch", "readout": "step.readout", "yesno": "yesno"}

// field is one member of an act as a form asks for it.
type field struct {
	act.Member
	ID      string
	Choices []view.Choice
}

// fields are those of an act that a person fills in here, all or the named. SPEC: PAG-054
func (s *Server) fields(who act.Who, lang, verb string, names ...string) (out []field) {
	v, _ := act.Of(verb)
	for _, m := range v.Members() {
		if m.Pick == "desk" || len(names) > 0 && !slices.Contains(names, m.Name) {
			continue
		}
		f := field{Member: m, ID: "e-" + m.Name}
		for _, w := range m.Words {
			f.Choices = append(f.Choices, view.Choice{Code: w, Word: words.Or(lang, wordsOf[m.Of], w)})
		}
		for _, c := range s.picks(who, lang, m.Pick) {
			f.Choices = append(f.Choices, c)
		}
		if m.Sort == "pairs" { // a name in each other language
			f.Choices = slices.DeleteFunc(s.picks(who, lang, "lang"), func(c view.Choice) bool { return c.Default })
		}
		out = append(out, f)
	}
	return out
}

// Date reports whether it is a date as well as it is known: a day, an instant or a span.
func (f field) Date() bool { return f.Name == "when" || f.Name == "on" }

// picks are what a form offers instead of an ID to be typed.
func (s *Server) picks(who act.Who, lang, of string) (out []view.Choice) {
	if of == "received" {
		d := s.cfg.Node.View(lang, who.Desk)
		for _, m := range d.Messages {
			if !m.Ours {
				out = append(out, view.Choice{Code: m.ID, Word: short(view.Plain(m.Spans)) + " · " + m.ID})
			}
		}
		for _, st := range (sheet{Desk: d}).Standing() {
			if !st.Ours {
				out = append(out, view.Choice{Code: st.ID, Word: "STOP · " + st.Reason})
			}
		}
		return out
	}
	question := map[string]act.Act{"post": act.PostList, "request": act.Contacts{}, "contact": act.Contacts{}, "readout": act.Readouts{}}[of]
	if question == nil {
		if of == "lang" {
			for _, l := range words.Langs() {
				out = append(out, view.Choice{Code: l, Word: words.T(l, "lang.name"), Default: l == lang})
			}
		}
		return out
	}
	ctx, cancel := context.WithTimeout(context.Background(), actTimeout)
	defer cancel()
	reply, _ := s.cfg.Node.Do(ctx, who, lang, question) // refused: nothing is offered, and what is typed is judged by the node
	d, _ := reply.Data.(view.Desk)
	for _, p := range d.Posts {
		out = append(out, view.Choice{Code: p.ID, Word: p.Facts.Name + " · " + p.Facts.Org + " · " + p.Party})
	}
	dealings := d.Counterparts.Sought
	if of == "contact" {
		dealings = d.Counterparts.Contacts
	}
	for _, r := range d.Readouts {
		out = append(out, view.Choice{Code: r.ID, Word: r.Party + " · " + r.At + " · " + r.Word})
	}
	for _, q := range dealings {
		if of == "contact" {
			out = append(out, view.Choice{Code: q.ID, Word: q.When + " · " + q.Kind + " · " + q.With})
			continue
		}
		out = append(out, view.Choice{Code: q.ID, Word: q.When + " · " + q.Kind + " · " + q.From + " → " + q.With})
	}
	return out
}
