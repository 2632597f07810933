// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
	"strings"

	"example.org/parley/message"
	"example.org/parley/message/phrase"
	"example.org/parley/record"
	"example.org/parley/statement"
	"example.org/parley/stop"
	"example.org/parley/wire"
)

// messages draws the messages, newest first.
func (b builder) messages() []Message {
	var states []*message.State
	for i := range b.Messages {
		if b.Messages[i].Begin != nil { // else steps whose message is not here yet
			states = append(states, &b.Messages[i])
		}
	}
	out := make([]Message, 0, len(states))
	for _, s := range newestFirst(states, func(s *message.State) record.Place { return s.Ref.Place }, func(s *message.State) []record.Ref { return s.Begin.Re }) {
		out = append(out, b.message(*s))
	}
	return out
}

// message draws one. SPEC: PAG-021
func (b builder) message(s message.State) Message {
	f := s.Facts
	m := Message{ID: b.IDs.Short(s.Begin), Key: elementKey(s.Key), Ours: s.From == b.Us, At: s.Recorded.At, From: s.From, By: b.author(f.By), Known: f.By.Known,
		To: b.post(f.To), Precedence: f.Precedence, Kind: s.Kind, Class: s.Class, Mark: s.Mark, Phrase: f.Phrase, NotAfter: f.NotAfter, Direction: b.t("dir.in", s.From)}
	if s.ReplyTo != nil {
		m.ReplyTo = b.IDs.ShortPlace(s.ReplyTo.Place)
	}
	for _, i := range f.Info {
		m.Info = append(m.Info, b.post(i))
	}
	if m.Ours {
		m.Direction = b.t("dir.out", b.Them)
	}
	m.Impossible = b.impossible(m.At, s.Begin)
	m.Spans, m.Lang = b.spans(s)
	due, changed := b.Dues[s.Key]
	if !changed {
		due = b.Due
	}
	clocks := message.Due(s, m.Ours, due, b.Now)
	m.Steps = b.steps(s, clocks)
	m.Overdue = slices.ContainsFunc(clocks, func(c statement.Clock) bool { return c.Overdue })
	m.Summary = b.summary(m.Steps)
	m.Acts = []string{}
	if !m.Ours {
		b.receive(s, &m)
	}
	if s.Contradicted {
		m.Differs = b.t("contradicted")
	}
	return m
}

// receive says what the receiver may do, and what is to be read back.
func (b builder) receive(s message.State, m *Message) {
	if len(s.Steps[message.Shown]) == 0 {
		m.Acts = append(m.Acts, "shown")
	}
	if s.Understood == nil {
		m.Acts = append(m.Acts, "ack")
		for _, name := range s.Facts.ReadBack {
			if p, ok := phrase.Find(s.Facts.Phrase); ok {
				if f, ok := p.Field(name); ok {
					m.ReadBack = append(m.ReadBack, b.readBack(f, s.Facts.Fields[name]))
				}
			}
		}
	}
	if s.Facts.Respond && (s.Response == nil || s.Response.How == message.Standby) {
		m.Acts = append(m.Acts, "respond")
	}
	if s.Response != nil && s.Response.How == "will-comply" && len(s.Steps[message.Complied]) == 0 {
		m.Acts = append(m.Acts, "comply")
	}
	m.Acts = append(m.Acts, "reply", "relay")
	m.Urgent = len(s.Steps[message.Acknowledged]) == 0 && message.UrgentPrecedence(s.Facts.Precedence) && !s.Expired(b.Now)
}

// readBack is a field to be typed; an example that is the very value would give it away. SPEC: PAG-011
func (b builder) readBack(f phrase.Field, value string) Blank {
	v := b.blank(f)
	if strings.Contains(strings.ToUpper(v.Example), strings.ToUpper(value)) {
		v.Example = ""
	}
	return v
}

// spans gives what the message says: a phrase in the reader's language, or a person's own words as they are.
func (b builder) spans(s message.State) (out []phrase.Span, lang string) {
	if s.Facts.Phrase != "" {
		spans, err := phrase.Render(b.lang, s.Facts.Phrase, s.Facts.Fields)
		if err != nil {
			return []phrase.Span{{Text: s.Facts.Phrase, Coded: true}}, ""
		}
		out = spans
	}
	if w := s.Begin.Words(); w != nil {
		text := w.Text
		if len(out) > 0 {
			text = "\n" + text
		}
		out, lang = append(out, phrase.Span{Text: text}), w.Lang
	}
	if out == nil {
		out = []phrase.Span{{Text: b.t("log.absent")}}
	}
	return out, lang
}

// steps is the ladder with its clocks. What a cut line shows is RECORDED, NOT HELD. SPEC: PAG-022
func (b builder) steps(s message.State, clocks []statement.Clock) []Progress {
	due := map[string]statement.Clock{}
	for _, c := range clocks {
		due[c.Step] = c
	}
	linguist, awaiting := due[message.Linguist]
	ladder := s.Ladder()
	out := make([]Progress, 0, len(ladder)+1)
	for _, r := range ladder {
		c, has := due[r.Name]
		if r.Name == message.Acknowledged && awaiting {
			c, has = linguist, true
		}
		if !r.At.IsZero() {
			out = append(out, b.done(r, c, b.or("rung", r.Name)))
			continue
		}
		st := open(r.Name, b.or("rung", r.Name), c, has)
		if r.Name == message.Acknowledged && s.Awaiting != nil { // received: one row, with its own clock
			st.By, st.Known, st.Note = b.author(s.Awaiting.By), s.Awaiting.By.Known, b.t("read."+message.Linguist)
		}
		out = append(out, st)
	}
	if s.From == b.Us && s.Held == nil && len(out) > 0 && !b.reached() {
		out[0].Word = b.t("rung.recorded-not-held")
	}
	if c, ok := due[message.Standby]; ok {
		out = append(out, open(message.Standby, b.t("rung.standby"), c, true))
	}
	return out
}

// reached says whether any path carries now.
func (b builder) reached() bool {
	return slices.ContainsFunc(b.Paths, func(p wire.PathState) bool { return p.WeHear && p.TheyHear })
}

func open(step, word string, c statement.Clock, has bool) Progress {
	s := Progress{Step: step, Word: word, State: "open"}
	if has {
		s.State, s.Due = "due", c.Due
		if c.Overdue {
			s.State = "overdue"
		}
	}
	return s
}

func (b builder) done(x message.Step, c statement.Clock, word string) Progress {
	s := Progress{Step: x.Name, Word: word, State: "done", At: x.At, Known: x.By.Known}
	if c.Late {
		s.State, s.Due = "late", c.Due
	}
	switch x.Name {
	case message.Recorded, message.Held:
		return s
	case message.Acknowledged:
		s.Note = b.or("read", x.Read)
	case message.Responded:
		s.Note = b.or("how", x.How)
		if !x.Until.IsZero() {
			s.Note += " " + b.when(x.Until)
		}
		if x.Entry != nil {
			if w := x.Entry.Words(); w != nil {
				s.Note += ": " + w.Text
			}
		}
	case message.Relayed:
		s.Note = join(b.post(x.To), x.Told)
	}
	s.By = b.author(x.By)
	s.Note = join(s.Note, b.impossible(x.At, x.Entry))
	return s
}

// summary is the ladder in a few words: what is overdue, else how far it has come.
func (b builder) summary(steps []Progress) string {
	last := ""
	for _, s := range steps {
		word := s.Word
		if s.Step == message.Acknowledged && s.State != "done" && s.State != "late" && s.Note != "" {
			word = b.t("rung." + message.Linguist)
			last = word
		}
		if s.State == "overdue" {
			return b.t("sum.overdue", word, b.since(s.Due))
		}
		if s.State == "done" || s.State == "late" {
			last = word
		}
	}
	return last
}

func (b builder) author(a statement.Author) string { return b.who(a.Officer, a.Known, a.Desk) }

// post names a post by its place.
func (b builder) post(place string) string {
	if place == "" {
		return ""
	}
	p, err := record.ParsePlace(place)
	if err != nil {
		return place
	}
	if x := b.Register.Post(p); x != nil {
		return x.Title(b.lang)
	}
	return b.IDs.ShortPlace(p)
}

// stops draws every STOP but those of a check, which are its parts: those that stand first, the newest first.
func (b builder) stops() []StopCard {
	out := []StopCard{}
	for _, s := range b.Stops {
		if s.Check == "" && len(s.Steps[stop.Sent]) > 0 {
			out = append(out, b.stop(s))
		}
	}
	slices.Reverse(out)
	slices.SortStableFunc(out, func(x, y StopCard) int {
		return map[bool]int{true: -1}[x.Stands] - map[bool]int{true: -1}[y.Stands]
	})
	return out
}

// stop draws one STOP, pressed once or many times. SPEC: PAG-023
func (b builder) stop(s stop.State) StopCard {
	first := s.Steps[stop.Sent][0]
	v := StopCard{ID: s.ID, Key: s.ID, Ours: s.From == b.Us, At: s.Recorded, From: s.From, Scope: b.t("stop.scope.everywhere"), Place: s.Place, Reason: phrase.Reason(b.lang, s.Reason),
		Class: s.Class, Mark: s.Mark, Count: len(s.Steps[stop.Sent]), State: s.Status, Word: b.or("stop.word", s.Status), Stands: s.Open, By: b.stopBy(first), Acts: []string{}}
	if v.Place != "" {
		v.Scope = v.Place // said in place of everywhere
	}
	if first.Entry != nil {
		v.ID = b.IDs.Short(first.Entry)
	}
	v.Impossible = b.impossible(v.At, first.Entry)
	clocks := stop.Due(s, v.Ours, b.Now)
	if b.Alone { // SPEC: ALN-012
		clocks = nil
	}
	v.Overdue = slices.ContainsFunc(clocks, func(c statement.Clock) bool { return c.Overdue })
	v.Steps = b.stopSteps(s, clocks)
	if b.Alone {
		v.Steps = slices.DeleteFunc(v.Steps, func(p Progress) bool { return p.State != "done" })
	}
	if b.Alone && s.Status == stop.Sent {
		v.Word = b.t("alone.stop.word")
	}
	switch {
	case !s.Open:
	case v.Ours:
		v.Acts = append(v.Acts, "lift")
	default:
		if len(s.Steps[stop.Taken])+len(s.Steps[stop.InEffect])+len(s.Steps[stop.Refused]) == 0 {
			v.Acts = append(v.Acts, "take")
		}
		if len(s.Steps[stop.InEffect]) == 0 {
			v.Acts = append(v.Acts, "in-effect")
		}
		if len(s.Steps[stop.InEffect])+len(s.Steps[stop.Refused]) == 0 {
			v.Acts = append(v.Acts, "refuse")
		}
	}
	return v
}

// stopBy names who made a step of a STOP; of a copy by the name that came with it.
func (b builder) stopBy(x stop.Step) string {
	if x.Copy && x.Who != "" {
		return x.Who
	}
	return b.author(x.By)
}

func (b builder) stopSteps(s stop.State, clocks []statement.Clock) []Progress {
	recorded := Progress{Step: "recorded", Word: b.t("rung.recorded"), State: "done", At: s.Recorded}
	if s.Steps[stop.Sent][0].Entry == nil {
		recorded.Word = b.t("stop.unrecorded")
	}
	out := []Progress{recorded}
	due := map[string]statement.Clock{}
	for _, c := range clocks {
		due[c.Step] = c
	}
	add := func(name, clock string, done []stop.Step, always bool) {
		c, has := due[clock]
		switch {
		case len(done) > 0:
			x := done[len(done)-1]
			st := Progress{Step: name, Word: b.or("rung", name), State: "done", At: x.At, By: b.stopBy(x), Known: x.By.Known, Note: join(b.post(x.To), phrase.Reason(b.lang, x.Reason))}
			if name == message.Held {
				st.By, st.Note = "", ""
			}
			st.Note = join(st.Note, b.impossible(x.At, x.Entry))
			if c.Late {
				st.State, st.Due = "late", c.Due
			}
			out = append(out, st)
		case always && s.Open:
			out = append(out, open(name, b.or("rung", name), c, has))
		}
	}
	var held []stop.Step
	if s.Held != nil {
		held = []stop.Step{*s.Held}
	}
	add(message.Held, message.Held, held, true)
	add("taken", "taken", s.Steps[stop.Taken], len(s.Steps[stop.InEffect])+len(s.Steps[stop.Refused]) == 0)
	add("relayed", "", s.Steps[stop.Relayed], false)
	add("refused", "effect", s.Steps[stop.Refused], false)
	add("in-effect", "effect", s.Steps[stop.InEffect], len(s.Steps[stop.Refused]) == 0)
	add("lifted", "", s.Steps[stop.Lifted], false)
	return out
}
