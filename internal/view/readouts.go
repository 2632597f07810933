// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"example.org/parley/readout"
	"example.org/parley/record"
)

// FiledReadout is one side's account of a contact; its points stand beside the other side's in Desk.Points.
type FiledReadout struct {
	ID        string   `json:"id"`
	Party     string   `json:"party"`
	By        string   `json:"by,omitempty"`
	At        string   `json:"at"`
	About     string   `json:"about"` // short ID of the contact or call
	Word      string   `json:"word"`  // what that was
	TextLang  string   `json:"text_lang"`
	Sealed    bool     `json:"sealed,omitempty"` // the other side does not have its points yet
	Replaces  string   `json:"replaces,omitempty"`
	Later     string   `json:"later,omitempty"` // the version that replaces it
	Published string   `json:"published,omitempty"`
	Shown     []string `json:"shown,omitempty"` // to whom, and when
	Knew      string   `json:"knew,omitempty"`  // its author held the other side's when he filed it
	Note      string   `json:"note,omitempty"`  // all of these in a few words
}

// PressText is a statement of ours for the press, or a draft of one that is not released.
type PressText struct {
	ID          string   `json:"id"`
	Head        string   `json:"head"`    // what it is, by whom, when
	Checked     []string `json:"checked"` // sentences that the record says
	Opinion     string   `json:"opinion,omitempty"`
	OpinionLang string   `json:"opinion_lang,omitempty"`
	Draft       bool     `json:"draft,omitempty"`
}

// Remark is one point of a readout.
type Remark struct {
	Topic    string   `json:"topic,omitempty"`
	Sort     string   `json:"sort"` // raised answered agreed said observed
	Word     string   `json:"word"` // of Sort
	Party    string   `json:"party"`
	ID       string   `json:"id"` // of its readout
	Point    int      `json:"point"`
	Text     string   `json:"text"`
	TextLang string   `json:"text_lang"`
	Except   []string `json:"except,omitempty"` // what the other side takes exception to
}

// readouts draws what each side says, side by side by topic and never merged; versions that were replaced are named and
// their points left out. SPEC: RDO-007
func (b builder) readouts(d *Desk) {
	d.Readouts, d.Points, d.Header = []FiledReadout{}, []Remark{}, b.header(nil)
	n := map[string]int{}
	for _, r := range b.Readouts {
		d.Readouts = append(d.Readouts, b.readout(r))
		if r.Later != nil {
			continue
		}
		for i, p := range r.Points {
			if b.Points != "" && p.Sort != b.Points {
				continue
			}
			n[r.Party]++
			s := Remark{Topic: p.Topic, Sort: p.Sort, Word: b.or("point", p.Sort), Party: r.Party, ID: b.short(r.Entry), Point: i + 1, Text: p.Text, TextLang: r.Lang}
			for _, x := range r.Of("except") {
				if x.Point == i+1 {
					s.Except = append(s.Except, b.t("readout.except", x.Entry.Log.Party, x.Text))
				}
			}
			d.Points = append(d.Points, s)
		}
		if b.Points == "" {
			n[r.Party] += 1 - len(r.Points) // readouts are counted, not points
		}
	}
	topics := []string{}
	for _, s := range d.Points {
		if !slices.Contains(topics, s.Topic) {
			topics = append(topics, s.Topic)
		}
	}
	slices.SortStableFunc(d.Points, func(x, y Remark) int {
		return cmp.Or(slices.Index(topics, x.Topic)-slices.Index(topics, y.Topic),
			slices.Index(readout.Sorts, x.Sort)-slices.Index(readout.Sorts, y.Sort), b.side(x.Party)-b.side(y.Party))
	})
	var heads []string
	for _, p := range []string{b.Us, b.Them} {
		switch {
		case n[p] > 0:
			heads = append(heads, fmt.Sprintf("%s: %d", p, n[p]))
		case b.Alone && p == b.Them: // who has no record here has nothing on it
		case b.Points != "":
			heads = append(heads, b.t("readout.nothing", p))
		default:
			heads = append(heads, b.t("readout.none", p))
		}
	}
	_, window := b.window()
	d.Sentences = []string{join(strings.Join(heads, "; "), window, b.t("asof", b.when(b.Now)))}
	if b.OnlyShown {
		d.Points = []Remark{}
	}
}

// side is 0 for us.
func (b builder) side(party string) int { return map[bool]int{false: 1}[party == b.Us] }

func (b builder) readout(r *readout.Readout) FiledReadout {
	v := FiledReadout{ID: b.short(r.Entry), Party: r.Party, By: b.author(r.By), At: b.when(r.Entry.Time), About: b.IDs.ShortPlace(r.About.Place), TextLang: r.Lang, Word: b.subject(r.About)}
	var notes []string
	note := func(key, arg string) string {
		notes = append(notes, b.t(key, arg))
		return arg
	}
	switch {
	case r.Shut():
		v.Sealed, v.By = true, ""
		key := "readout.sealed"
		if b.Unseals[r.Entry.Place().String()].Before(b.Now) {
			key = "readout.overdue"
		}
		note(key, b.when(b.Unseals[r.Entry.Place().String()]))
	case r.Sealed() && r.Party == b.Us && r.Entry.Receipt == nil:
		v.Sealed = true
		note("readout.withheld", b.when(b.Unseals[r.Entry.Place().String()]))
	}
	if r.Replaces != nil {
		v.Replaces = note("readout.replaces", b.IDs.ShortPlace(r.Replaces.Place))
	}
	if r.Later != nil {
		v.Later = note("readout.later", b.short(r.Later))
	}
	if len(r.Knew) > 0 {
		v.Knew = note("readout.knew", b.short(r.Knew[0]))
	}
	for _, s := range r.Of("publish") {
		v.Published = note("readout.published", b.stepDate(s))
	}
	for _, s := range r.Of("shown") {
		v.Shown = append(v.Shown, b.t("readout.shown", s.To, b.stepDate(s), s.Entry.Log.Party))
	}
	v.Note = join(notes...)
	return v
}

func (b builder) stepDate(s readout.Step) string {
	if s.On != nil {
		return b.date(*s.On)
	}
	return b.when(s.Entry.Time)
}

// subject says in a few words what a readout is about.
func (b builder) subject(about record.Ref) string {
	for _, c := range b.About {
		if c.Entry.Leaf == about.Leaf {
			x := b.contact(c)
			return join(x.Kind, x.When, x.With)
		}
	}
	return b.t("call")
}
