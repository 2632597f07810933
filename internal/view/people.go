// SPDX-License-Identifier: Apache-2.0

package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/parley/call"
	"example.org/parley/words"
)

// InCall is somebody in a call: his name, who he is in it, and what he does.
type InCall struct {
	Ours    bool      `json:"ours,omitempty"`
	Name    string    `json:"name"`
	Part    string    `json:"part"` // officer linguist principal listener
	Word    string    `json:"word"` // speaking, listening; of ours whom the other end does not show yet, that
	Since   time.Time `json:"since,omitzero"`
	Until   time.Time `json:"until,omitzero"` // of a call that is over
	Pending bool      `json:"pending,omitempty"`
}

// TypedLine is a line typed beside a call, as it stands: what was erased stands in its place, marked as such.
type TypedLine struct {
	Ours   bool      `json:"ours,omitempty"`
	Name   string    `json:"name"`
	At     time.Time `json:"at"`
	ID     string    `json:"id,omitempty"`     // of its statement, where it is in the record
	State  string    `json:"state"`            // typing finished broken recorded lost
	Differ bool      `json:"differ,omitempty"` // its letters, as they came, from what its statement says
	Unseen bool      `json:"unseen,omitempty"` // by the other end, as it stands
	Word   string    `json:"word"`
	Runs   []Stretch `json:"runs"`
	Key    string    `json:"-"` // of its element
	Stands string    `json:"-"` // of one that this desk is typing
}

// In is a line as a terminal shows it: who typed it, what stands of it, and what was erased. SPEC: CAL-032
func (l TypedLine) In(lang string) string {
	s := l.Name + ": "
	for _, r := range l.Runs {
		if r.Erased {
			r.Text = "[" + words.T(lang, "line.erased", r.Text) + "]"
		}
		s += r.Text
	}
	return s
}

// Newest are the lines typed beside a call that a terminal has room for.
func (c Call) Newest() []TypedLine { return c.Text[max(0, len(c.Text)-5):] }

// Stretch is a piece of a line.
type Stretch struct {
	Text   string `json:"text"`
	Erased bool   `json:"erased,omitempty"`
}

// texts draws what was typed beside a call: by its statement where that is here, else as both ends hold it now. The letters of
// the other end are its word alone: where its statement says another thing, both are shown.
// SPEC: CAL-031 CAL-032 CAL-033 PAG-085
func (b builder) texts(id string, lines []call.Typed) (out []TypedLine, more string) {
	var of []call.LineEntry
	for _, s := range b.Calls {
		if s.Call == id {
			of = s.Lines
		}
	}
	lines = slices.DeleteFunc(slices.Clone(lines), func(t call.Typed) bool { return t.Call.String() != id })
	if n := len(lines) - maxTexts; n > 0 {
		more, lines = b.t("type.more", n), lines[n:]
	}
	for _, t := range lines {
		key := fmt.Sprintf("%.8s-%t-%d-%d", id, t.Ours, t.Source, t.Line)
		x := TypedLine{Ours: t.Ours, Name: b.there(t.By.Officer, t.By.Desk), At: t.Since, Key: key}
		if t.Ours && t.State == call.Typing && t.By.Desk == b.Desk.Desk {
			for i := 0; i < len(t.Parts); i += 2 {
				x.Stands += t.Parts[i]
			}
		}
		for i, s := range t.Parts {
			if s != "" {
				x.Runs = append(x.Runs, Stretch{s, i%2 == 1})
			}
		}
		if x.State = []string{"typing", "finished", "broken"}[t.State]; t.Lost {
			x.State = "lost"
		}
		x.Word = b.t("line." + x.State)
		if i := slices.IndexFunc(of, func(l call.LineEntry) bool { return b.isLine(l, t) }); i >= 0 {
			said, gone := t.Said()
			same, runs := said == of[i].Says && slices.Equal(gone, of[i].Erased), x.Runs
			x = b.wrote(of[i : i+1])[0]
			x.Key = key
			if same {
				x.Runs = runs // what was erased is in its place
			} else if x.Differ = t.State != call.Typing; x.Differ {
				x.Word = join(x.Word, b.t("line.differs", said))
			}
		}
		x.Unseen = t.Ours && !t.Seen && b.Now.Sub(t.At) > unseenAfter
		if x.Unseen {
			x.Word = join(x.Word, b.t("line.unseen"))
		}
		out = append(out, x)
	}
	return out, more
}

// maxTexts is how many lines beside a call are drawn: the newest.
const maxTexts = 30

// unseenAfter is how long a line may go without the other end's answer until the page says so.
const unseenAfter = 2 * time.Second

// isLine reports whether a statement is that of a line: by the same party, source and number.
func (b builder) isLine(l call.LineEntry, t call.Typed) bool {
	return (l.Entry.Log.Party == b.Us) == t.Ours && l.Source == t.Source && l.Line == t.Line
}

// wrote draws the lines of a call of the past, by the record alone.
func (b builder) wrote(ls []call.LineEntry) (out []TypedLine) {
	for _, l := range ls {
		x := TypedLine{Ours: l.Entry.Log.Party == b.Us, Name: b.author(l.By), At: l.At, ID: b.IDs.Short(l.Entry), State: "recorded", Runs: []Stretch{{Text: l.Says}}}
		if l.Broken {
			x.State = "broken"
		}
		if len(l.Erased) > 0 {
			x.Runs = []Stretch{{Text: l.Says + " "}, {strings.Join(l.Erased, "; "), true}}
		}
		x.Word = b.t("line." + x.State)
		out = append(out, x)
	}
	return out
}

// does says what somebody in a call does.
func (b builder) does(speaks bool) string {
	if speaks {
		return b.t("in.speaks")
	}
	return b.t("in.listens")
}

// inCall lists who is in a call that is up, ours first; what keeps it waiting, at either end, with its clock; and what this
// desk has to do with it. SPEC: CAL-022 CAL-024 CAL-025 PAG-081
func (b builder) inCall(c *Call) {
	l := b.Live
	told := l.Told()
	for _, p := range told {
		x := InCall{Ours: true, Name: b.there(p.Officer, p.Desk), Part: p.Part, Word: b.does(p.Speaks)}
		if i := slices.IndexFunc(l.Side[0].People, func(q call.Person) bool { return q.Desk == p.Desk && q.Speaks == p.Speaks }); i >= 0 {
			x.Since = l.Side[0].People[i].Since
		} else {
			x.Word, x.Pending = b.t("in.pending"), true
		}
		c.People = append(c.People, x)
	}
	for _, p := range l.Side[1].People {
		c.People = append(c.People, InCall{Name: b.there(p.Officer, p.Desk), Part: p.Part, Word: b.does(p.Speaks), Since: p.Since})
	}
	for i, s := range l.Side {
		where := []string{"", ".there"}[i]
		for _, p := range [][]call.Person{told, s.People}[i] {
			if since, away := b.Away[i][p.Source]; away {
				c.Pauses = append(c.Pauses, Layer{State: "away" + where, Word: b.t("away"+where, b.there(p.Officer, p.Desk)), Since: since})
			}
		}
		if !s.Held.IsZero() {
			by := ""
			if j := slices.IndexFunc(s.People, func(p call.Person) bool { return p.Source == s.Holds }); j >= 0 {
				by = b.there(s.People[j].Officer, s.People[j].Desk)
			}
			c.Pauses = append(c.Pauses, Layer{State: "held" + where, Word: b.t("held"+where, by), Since: s.Held})
		}
		if s.Waiting != "" {
			c.Pauses = append(c.Pauses, Layer{State: "waiting" + where, Word: b.t("waiting"+where, b.or("part", s.Waiting)), Since: s.Waits})
		}
	}
	if len(c.Pauses) > 0 {
		c.Word = c.Pauses[0].Word
	}
	c.Text, c.TextMore = b.texts(c.ID, b.Texts)
	here := b.Desk.Desk
	if i := slices.IndexFunc(l.Side[0].People, func(p call.Person) bool { return p.Desk == here }); i >= 0 {
		c.Talks, c.Speaks, c.Types = l.Codec, l.Side[0].People[i].Speaks, l.Side[0].People[i].Part != call.Listener
	}
	in := slices.IndexFunc(told, func(p call.Person) bool { return p.Desk == here })
	switch {
	case l.Rings(here): // it is handed over to this desk, or waits too long for another
		c.State, c.Word, c.Acts = call.RingingHere, b.t("call.handed"), []string{"answer", "decline"}
	case here == "" || len(told) == 0:
	case in < 0:
		c.Acts, c.Elsewhere = []string{"join", "hang-up"}, true
	default:
		if c.Acts[0] = "hang-up"; told[in].Source != 0 {
			c.Acts[0] = "leave"
		}
		held, waits := !l.Side[0].Held.IsZero(), l.Side[0].Waiting != ""
		if !held {
			c.Acts = append(c.Acts, "hold")
		}
		if held || waits {
			c.Acts = append(c.Acts, "resume")
		} else {
			c.Acts = append(c.Acts, "waiting")
		}
		if c.Recording != nil && c.Recording.State != "off" {
			c.Acts = append(c.Acts, "replay")
		}
		c.Acts = append(c.Acts, "hand-over")
	}
}

// wereIn names who was in a call that is over, of each end by its word.
func (b builder) wereIn(s call.State) (out []InCall, said string) {
	us, them := b.ends(s)
	for _, end := range []call.End{us, them} {
		for _, j := range end.Facts.With {
			x := InCall{Ours: end.Party == b.Us, Name: b.author(j.By), Part: j.Part, Word: b.does(j.Speaks), Since: j.From, Until: j.Until}
			out = append(out, x)
			said = join(said, b.t("in.was", x.Name, b.or("part", x.Part), x.Word, b.when(x.Since), b.when(x.Until)))
		}
	}
	return out, said
}
