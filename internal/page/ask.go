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
			if sh.Header.Party == "" {
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
	if err := reply.File(patient{w, http.NewResponseController(w)}); err != nil {
		panic(http.ErrAbortHandler) // the browser is told that the file is not whole
	}
}

// entries are the acts about the line, people and offices, which are stated by the one form that is made of their row and tags. SPEC: PAG-054
func entries() (verbs []string) {
	for _, v := range act.Table {
		steps := slices.ContainsFunc(v.Members(), act.Member.Step)
		if strings.HasSuffix(v.Name, " note") || slices.Contains([]string{"counterparts", "people", "node"}, v.Group) && (steps || v.Args != "" && !strings.HasPrefix(v.Args, "[")) {
			verbs = append(verbs, v.Act.Verb())
		}
	}
	return slices.Compact(verbs)
}

// entryGroups are the entries by what they are about, each list under its word.
func entryGroups() (groups [][]string) {
	for _, verb := range entries() {
		of, _, _ := strings.Cut(verb, ".")
		if of == "assess" {
			of = "assessment"
		}
		i := slices.IndexFunc(groups, func(g []string) bool { return g[0] == of })
		if i < 0 {
			i, groups = len(groups), append(groups, []string{of})
		}
		groups[i] = append(groups[i], verb)
	}
	return groups
}

// wordsOf is where the words of a member's choices stand.
var wordsOf = map[string]string{"basis": "basis", "way": "way", "behalf": "behalf", "contact": "contact", "sought": "contact", "channel": "chan", "outcome": "request", "priority": "why", "about": "about", "class": "class", "mark": "mark", "line": "step.line", "watch": "step.watch", "path": "step.path", "readout": "step.readout", "onoff": "onoff", "point": "point", "test": "test", "part": "part", "waits": "part"}

// field is one member of an act as a form asks for it.
type field struct {
	act.Member
	ID, Label string
	Choices   []view.Choice
}

// fields are those of an act that a person fills in here, all or the named; the item that the act is about may be known.
// SPEC: PAG-054
func (s *Server) fields(who act.Who, lang, verb, item string, names ...string) (out []field) {
	v, _ := act.Of(verb)
	about, _, _ := strings.Cut(verb, ".")
	for _, m := range v.Members() {
		if m.Pick == "desk" || m.Name == "people" || len(names) > 0 && !slices.Contains(names, m.Name) { // people are named beside their posts
			continue
		}
		f := field{Member: m, ID: "e-" + m.Name, Label: words.Or(lang, "in", m.Name)}
		if w, ok := words.Get(lang, "in."+about+"."+m.Name); ok {
			f.Label = w
		}
		if m.Name == "points" {
			m.Of, m.Words = "point", act.Words("point")
		}
		for _, w := range m.Words {
			f.Choices = append(f.Choices, view.Choice{Code: w, Word: words.Or(lang, wordsOf[m.Of], w)})
		}
		first, _, _ := strings.Cut(v.Args, " ")
		of, itself := m.Pick, m.Arg != "" && m.Arg == first && len(m.Words) == 0
		if m.Name == "lang" {
			of = "lang"
		}
		if itself && of == "" {
			of = map[string]string{"contact.correct": "contact", "concern.raise": "contact"}[verb]
			if of == "" {
				of = about
			}
		}
		f.Choices = append(f.Choices, s.picks(who, lang, of)...)
		if itself && item != "" {
			i := slices.IndexFunc(f.Choices, func(c view.Choice) bool { return c.Code == item })
			if i < 0 {
				i, f.Choices = len(f.Choices), append(f.Choices, view.Choice{Code: item, Word: item})
			}
			f.Choices[i].Default = true
		}
		if m.Name == "names" || m.Name == "address" { // a name in each other language
			f.Choices = slices.DeleteFunc(s.picks(who, lang, "lang"), func(c view.Choice) bool { return m.Name == "names" && c.Default })
		}
		out = append(out, f)
	}
	return out
}

// Date reports whether it is a date as well as it is known: a day, an instant or a span.
func (f field) Date() bool { return f.Name == "when" || f.Name == "on" }

// questions are those whose answers a form offers instead of an ID to be typed, beside the lists of the register.
var questions = map[string][]act.Act{"contact": {act.Contacts{}}, "request": {act.Requests{}}, "readout": {act.Readouts{}}, "concern": {act.Raised{}}, "assess": {act.Contacts{}, act.Requests{}}}

// picks are what a form offers instead of an ID to be typed, the newest first.
func (s *Server) picks(who act.Who, lang, of string) (out []view.Choice) {
	pick := func(id string, says ...string) {
		out = append(out, view.Choice{Code: id, Word: strings.Join(slices.DeleteFunc(says, func(s string) bool { return s == "" }), " · ")})
	}
	switch of {
	case "armed":
		for _, d := range s.cfg.Node.View(lang, who.Desk).Call.Others {
			if d != who.Desk {
				pick(d, view.DeskName(lang, d))
			}
		}
	case "received":
		d := s.cfg.Node.View(lang, who.Desk)
		for _, m := range d.Messages {
			if !m.Ours {
				pick(m.ID, short(view.Plain(m.Spans)), m.ID)
			}
		}
		for _, st := range (sheet{Desk: d}).Standing() {
			if !st.Ours {
				pick(st.ID, "STOP", st.Reason)
			}
		}
	case "lang":
		for _, l := range words.Langs() {
			out = append(out, view.Choice{Code: l, Word: words.T(l, "lang.name"), Default: l == lang})
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), actTimeout)
	defer cancel()
	ask := questions[of]
	if v, ok := act.Of(of + ".list"); ok {
		ask = []act.Act{v.Act}
	}
	for _, question := range ask {
		reply, _ := s.cfg.Node.Do(ctx, who, lang, question) // refused: nothing is offered, and what is typed is judged by the node
		d, _ := reply.Data.(view.Desk)
		for _, p := range d.Posts {
			pick(p.ID, p.Facts.Name, p.Facts.Org, p.Party)
		}
		for _, e := range d.Events {
			pick(e.ID, e.Facts.Name, e.Party)
		}
		for _, o := range d.Officers {
			pick(o.ID, o.Facts.Name, o.Party)
		}
		for _, r := range slices.Backward(d.Readouts) {
			pick(r.ID, r.Party, r.At, r.Word)
		}
		for _, c := range slices.Backward(d.Counterparts.Contacts) {
			pick(c.ID, c.When, c.Kind, c.With, short(c.Quote))
		}
		for _, side := range d.Counterparts.Sides {
			for _, q := range slices.Backward(side.Requests) {
				pick(q.ID, q.When, q.Kind, q.From+" → "+q.With)
			}
		}
		for _, c := range slices.Backward(d.Counterparts.Concerns) {
			pick(c.ID, short(c.Quote), c.When)
		}
	}
	return out
}

// rowOf is an item that is drawn with the keys of the acts that can follow it here.
func rowOf(d any, verbs []string) any {
	return struct {
		D     any
		Steps []string
	}{d, verbs}
}

// mine gives a contact, a concern, or a request of the party that seeks, with what can be stated of it here; whether it is
// taken the node decides.
func mine(us string, d view.Dealing, seeks ...string) any {
	var verbs []string
	switch {
	case d.Age != "": // a concern
		if d.Outcome != "open" {
			return rowOf(d, nil)
		}
		return rowOf(d, []string{"concern.answer", "concern.overtaken"})
	case d.From == "": // a contact
		if d.Party != us && d.Whose != "both" {
			verbs = []string{"contact.confirm", "contact.dispute"}
		}
		return rowOf(d, append(verbs, "contact.correct", "concern.raise", "readout.file", "assess"))
	case len(seeks) > 0 && seeks[0] != us:
		verbs = []string{"request.accept", "request.decline", "request.defer", "request.counter"}
	case d.Outcome == "withdrawn":
		verbs = []string{"request.renew"}
	default:
		verbs = []string{"request.again", "request.withdraw"}
	}
	if slices.ContainsFunc(d.Attempts, func(a view.Dealing) bool { return a.Party != us && a.Whose != "confirmed" }) {
		verbs = append(verbs, "request.confirm", "request.dispute")
	}
	if slices.ContainsFunc(d.Attempts, func(a view.Dealing) bool { return a.Party == us && a.Outcome != "open" }) {
		verbs = append(verbs, "request.correct")
	}
	return rowOf(d, append(verbs, "request.outcome", "assess"))
}

// filed gives a readout with what can be stated of it here: of ours whom it was shown to, to theirs an exception.
func filed(us string, r view.FiledReadout) any {
	switch {
	case r.Later != "":
		return rowOf(r, nil)
	case r.Party == us:
		return rowOf(r, []string{"readout.step"})
	}
	return rowOf(r, []string{"readout.except", "readout.step"})
}

// account is what one side says of a contact.
type account struct {
	Head, Party string
	Filed       []view.FiledReadout
	Points      []view.Remark
}

// accounts are what each side says, ours first, of each contact that there is a readout of; the newest contact first.
func accounts(d view.Desk) (out []any) {
	var about []string
	for _, r := range slices.Backward(d.Readouts) {
		if slices.Contains(about, r.About) {
			continue
		}
		about = append(about, r.About)
		var sides [2]account
		for i, party := range []string{d.Header.Party, d.Header.Peer} {
			sides[i] = account{words.T(d.Lang, []string{"readout.ours", "readout.theirs"}[i]), party, nil, nil}
			for _, f := range d.Readouts {
				if f.Party != party || f.About != r.About {
					continue
				}
				sides[i].Filed = append(sides[i].Filed, f)
				for _, p := range d.Points {
					if p.ID == f.ID {
						sides[i].Points = append(sides[i].Points, p)
					}
				}
			}
		}
		out = append(out, struct {
			About, Word string
			Sides       [2]account
		}{r.About, r.Word, sides})
	}
	return out
}

// figs are the figures of a pair in the order of their columns: of what we sought, then of what they did.
func figs(p view.Pair) (out []any) {
	sides := []string{"calls.we", "calls.they"}
	columns := []string{"inall", "declined", "noreply", "notreached"}
	for i, n := range []int{p.Sought, p.Declined, p.NoReply, p.NotReached, p.TheirsSought, p.TheirsDeclined, p.TheirsNoReply, p.TheirsNotReached} {
		f := struct {
			Side, Key string
			N         int
		}{"", columns[i%4], n}
		if i%4 == 0 {
			f.Side = sides[i/4]
		}
		out = append(out, f)
	}
	return out
}

// calRow is a row of the calendar, with where the months begin drawn through it.
func calRow(name string, marks, months []view.Mark) view.Pair {
	var row []view.Mark
	for _, m := range months {
		if m.Sort == "month" {
			row = append(row, view.Mark{Day: m.Day, Sort: m.Sort})
		}
	}
	return view.Pair{Ours: name, Marks: append(row, marks...)}
}
