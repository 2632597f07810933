// SPDX-License-Identifier: Apache-2.0

package statement

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"example.org/parley/record"
	"example.org/parley/wire"
)

// Before is where a statement stood in its author's record of the time alone, before there was a line of two: it has been
// stated anew since.
type Before struct {
	Place string    `json:"place"`
	Leaf  wire.Hash `json:"leaf"`
	Time  time.Time `json:"time"` // to the second
}

// carried are the things whose statements are stated anew when the other party joins: what answers about counterparts read.
//
// SPEC: ALN-021
var carried = strings.Fields("post holder event contact concern request readout")

// Carried reports whether statements of a kind are stated anew.
func Carried(kind string) bool { return slices.Contains(carried, About(kind)) }

// said are the facts of any kind, and where they were stated before the line.
type said[F any] struct {
	Facts  F       `json:",inline"`
	Before *Before `json:"before,omitempty"`
}

// BeforeOf gives where a statement was stated before the line; nil: it was not, or there is none.
func BeforeOf(e *record.Entry) *Before {
	if e == nil || !Carried(e.Kind) || !bytes.Contains(e.Facts(), []byte("before")) && !bytes.ContainsRune(e.Facts(), '\\') {
		return nil
	}
	var f said[jsontext.Value]
	if err := wire.DecodeStrict(e.Facts(), wire.MaxBody, &f); err != nil {
		return nil
	}
	return f.Before
}

// validate judges what an entry says of the time before the line.
func (b *Before) validate(e *record.Entry) error {
	if b == nil {
		return nil
	}
	p, _ := record.ParsePlace(b.Place)
	return First(If(!Carried(e.Kind), "its kind is not stated anew"), b.form(), If(p.Party != e.Log.Party, "it was stated by another party before the line"),
		If(!e.Time.IsZero() && b.Time.After(e.Time), "it is dated after it was stated"))
}

func (b *Before) form() error {
	_, err := record.ParsePlace(b.Place)
	return First(err, Must("before", b.Time), If(b.Leaf.IsZero(), "the leaf of what was stated before is missing"))
}

// item makes one item of what begins it twice, under one leaf.
//
// SPEC: ALN-024
func (b *Before) item(e *record.Entry) (party, id string) {
	if b == nil {
		return "", ""
	}
	return e.Log.Party, "before " + b.Leaf.String()
}

// anew is what a statement that was stated before the line says of it, so that it can be told from another under its leaf.
//
// SPEC: ALN-029
func anew(e *record.Entry) *record.Anew {
	b := BeforeOf(e)
	if b == nil || b.form() != nil {
		return nil
	}
	var f map[string]jsontext.Value
	if err := wire.DecodeStrict(e.Facts(), wire.MaxBody, &f); err != nil {
		return nil
	}
	delete(f, "salt")
	f["before"], _ = wire.EncodeObject(map[string]any{"place": "at " + b.Place, "time": b.Time}) // which is no place to be meant
	says, err := wire.EncodeObject(f)
	if err == nil {
		err = (*jsontext.Value)(&says).Canonicalize()
	}
	out := &record.Anew{ID: e.Log.Party + " " + e.Kind + " " + b.Leaf.String()}
	out.Says = string(aPlace.ReplaceAllFunc(says, func(p []byte) []byte {
		at, err := record.ParsePlace(string(p[1 : len(p)-1]))
		if err != nil {
			return p
		}
		out.Names = append(out.Names, at)
		return []byte(`"@"`)
	}))
	if err != nil {
		return nil
	}
	return out
}

// Again lists what begins an item under another place than its beginning does, having been stated anew twice.
func Again(it *record.Item) (out []*record.Entry) {
	b := BeforeOf(it.Begin)
	for _, e := range it.Entries {
		if o := BeforeOf(e); b != nil && o != nil && e.Place() != it.Begin.Place() && e.Log.Party == it.Begin.Log.Party && o.Leaf == b.Leaf {
			out = append(out, e)
		}
	}
	return out
}

// Firsts gives, by the place of each statement of an item that was stated anew again, that of the one which folds.
//
// SPEC: ALN-024
func Firsts(it *record.Item) map[record.Place]record.Place {
	var out map[record.Place]record.Place
	first := map[string]record.Place{}
	for _, e := range it.Entries {
		b := BeforeOf(e)
		if b == nil {
			continue
		}
		key := e.Kind + b.Leaf.String()
		switch is, again := first[e.Log.Party+key]; {
		case !again:
			first[e.Log.Party+key] = e.Place()
		case out == nil:
			out = map[record.Place]record.Place{e.Place(): is}
		default:
			out[e.Place()] = is
		}
	}
	return out
}

// twice reports whether a statement of an item has been folded already, under another place.
func twice(done map[string]bool, e *record.Entry) bool {
	b := BeforeOf(e)
	if b == nil {
		return false
	}
	key := e.Log.Party + " " + e.Kind + " " + b.Leaf.String()
	was := done[key]
	done[key] = true
	return was
}

// aPlace is a member of facts that may be a place.
var aPlace = regexp.MustCompile(`"[a-z][a-z0-9-]*/[0-9]+\.[0-9a-z]{6} [0-9]+"`)

// Anew drafts a statement as it is stated anew: now names what has been already, by what it was. ok is false where it
// names one that has not been.
//
// SPEC: ALN-022
func Anew(e *record.Entry, now map[record.Ref]record.Ref) (d record.Draft, ok bool, err error) {
	d = record.Draft{Kind: e.Kind, Class: e.Class, Mark: e.Mark}
	for _, r := range e.Re {
		is, here := now[r]
		if !here {
			return d, false, nil
		}
		d.Re = append(d.Re, is)
	}
	places := map[string]string{}
	for was, is := range now {
		places[was.Place.String()] = is.Place.String()
	}
	var f map[string]jsontext.Value
	if err := wire.DecodeStrict(e.Facts(), wire.MaxBody, &f); err != nil {
		return d, false, err
	}
	for k, v := range f {
		f[k] = aPlace.ReplaceAllFunc(v, func(p []byte) []byte {
			if is, here := places[string(p[1:len(p)-1])]; here {
				return []byte(`"` + is + `"`)
			}
			return p
		})
	}
	before, err := wire.EncodeObject(Before{e.Place().String(), e.Leaf, e.Time.Truncate(time.Second)})
	f["before"] = before
	d.Facts, d.Text = f, e.Whole()
	return d, err == nil, err
}
