// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"example.org/parley/record"
	"example.org/parley/register"
	"example.org/parley/statement"
)

// Book is every contact and request of a line as they stand: what questions read. It takes what changed and works out only
// that anew, so that a question over a long record costs little; what it says is a function of the set of states in it.
//
// Two statements are one contact where one names the other, or where one of each side has the same pair, kind and UTC day and
// no second one fits: it counts once.
//
// SPEC: CNT-018 CNT-026
type Book struct {
	us, them string
	entered  map[string]*account // by item
	placed   map[string]*sought
	assessed map[string]*Assessment
	contacts []*account // by date
	requests []*sought  // by date
	at       map[record.Place]*account
	naming   map[record.Ref][]*account // by what they name
	days     map[string][]*account     // of one UTC day, kind and mark
	dirty    map[*account]bool
	agreed   map[string]*sought // accepted for a time
	reg      *register.Register
	offices  []*office
	office   map[record.Place]*office // by each statement that names it
}

// office is one post however many statements name it: both parties may have stated it.
type office struct {
	*register.Post        // the statement to show: that of its own party where there is one
	of             string // the party that holds it
	paired         []record.Place
}

// account is one statement of a contact with what the book knows of it. What it hands out is shown, which never changes.
type account struct {
	*Contact
	shown    *Contact
	replaced bool // its author has corrected it, or it counts with another
	offices  []*office

	// What every question looks at of every account, side by side in memory.
	at          statement.When
	mark, whose string
	public      bool
}

// sought is a request with its offices.
type sought struct {
	*Request
	from, with *office
}

// NewBook makes the book of a line between two parties, as the first sees it.
func NewBook(us, them string) *Book {
	return &Book{us: us, them: them, entered: map[string]*account{}, placed: map[string]*sought{}, assessed: map[string]*Assessment{}, agreed: map[string]*sought{}, at: map[record.Place]*account{}, naming: map[record.Ref][]*account{},
		days: map[string][]*account{}, dirty: map[*account]bool{}}
}

// Put takes the state of an item in the place of the one that was there; one without a contact, a request or an assessment
// is gone.
func (b *Book) Put(key string, s State) {
	if c := b.entered[key]; c != nil {
		for _, o := range b.around(c) {
			b.dirty[o] = true
		}
		delete(b.dirty, c)
		b.contacts = without(b.contacts, c, older)
		b.index(c, func(list []*account) []*account {
			return slices.DeleteFunc(list, func(o *account) bool { return o == c })
		})
		for _, r := range c.places() {
			delete(b.at, r.Place)
		}
	}
	if r := b.placed[key]; r != nil {
		b.requests = without(b.requests, r, earlier)
	}
	delete(b.entered, key)
	delete(b.placed, key)
	delete(b.agreed, key)
	delete(b.assessed, key)
	if s.Assessment != nil {
		b.assessed[key] = s.Assessment
	}
	if s.Contact != nil {
		c := &account{Contact: s.Contact, shown: s.Contact, at: s.Contact.When, mark: s.Contact.Mark, public: s.Contact.Kind == Public}
		b.entered[key] = c
		for _, r := range c.places() {
			b.at[r.Place] = c
		}
		b.contacts = within(b.contacts, c, older)
		b.index(c, func(list []*account) []*account { return append(list, c) })
		b.locate(c)
		b.dirty[c] = true // and with it what is around it by then
	}
	if s.Request != nil {
		r := &sought{s.Request, b.office[s.Request.FromPost], b.office[s.Request.WithPost]}
		b.placed[key], b.requests = r, within(b.requests, r, earlier)
		if !r.Scheduled.IsZero() {
			b.agreed[key] = r
		}
	}
}

func within[T any](list []T, x T, order func(a, b T) int) []T {
	i, _ := slices.BinarySearchFunc(list, x, order)
	return slices.Insert(list, i, x)
}

func without[T any](list []T, x T, order func(a, b T) int) []T {
	if i, ok := slices.BinarySearchFunc(list, x, order); ok {
		return slices.Delete(list, i, i+1)
	}
	return list
}

func byDate(a, b statement.When, x, y *record.Entry) int {
	if n := cmp.Or(a.Latest().Compare(b.Latest()), a.Earliest().Compare(b.Earliest())); n != 0 {
		return n
	}
	return x.Place().Compare(y.Place())
}

func older(a, b *account) int  { return byDate(a.When, b.When, a.Entry, b.Entry) }
func earlier(a, b *sought) int { return byDate(a.When, b.When, a.Entry, b.Entry) }

// day is what two statements of one contact have in common beside their pair; "" where the day is not known.
func (c *Contact) day() string {
	if !c.When.IsDay() && !c.When.IsInstant() {
		return ""
	}
	return c.When.Earliest().Format(time.DateOnly) + " " + c.Kind + " " + c.Mark
}

func (b *Book) index(c *account, change func([]*account) []*account) {
	if c.names != nil {
		if b.naming[*c.names] = change(b.naming[*c.names]); len(b.naming[*c.names]) == 0 {
			delete(b.naming, *c.names)
		}
	}
	if day := c.day(); day != "" {
		if b.days[day] = change(b.days[day]); len(b.days[day]) == 0 {
			delete(b.days, day)
		}
	}
}

// places are where an account stands.
func (c *Contact) places() []record.Ref { return append([]record.Ref{c.Entry.Ref()}, c.also...) }

// target is the account that a contact names.
func (b *Book) target(c *account) *account {
	if c.names == nil {
		return nil
	}
	if t := b.at[c.names.Place]; t != nil && slices.Contains(t.places(), *c.names) { // a place alone may be one that is yet to come
		return t
	}
	return nil
}

// around gives all that may be one contact with c: what they name, what names them, and what is of the same day and kind.
func (b *Book) around(c *account) (all []*account) {
	seen, days := map[*account]bool{}, map[string]bool{}
	add := func(list ...*account) {
		for _, o := range list {
			if o != nil && !seen[o] {
				seen[o], all = true, append(all, o)
			}
		}
	}
	add(c)
	for i := 0; i < len(all); i++ {
		o := all[i]
		add(b.target(o))
		for _, r := range o.places() {
			add(b.naming[r]...)
		}
		if day := o.day(); day != "" && !days[day] {
			days[day] = true
			add(b.days[day]...)
		}
	}
	return all
}

// Settle brings the book up to date with what was put, and with the posts.
func (b *Book) Settle(reg *register.Register, past statement.Past) {
	if b.reg != reg || b.office == nil {
		b.reg = reg
		b.group()
		for _, c := range b.contacts {
			b.locate(c)
			b.dirty[c] = true
		}
		for _, r := range b.requests {
			r.from, r.with = b.office[r.FromPost], b.office[r.WithPost]
		}
	}
	for c := range b.dirty {
		if !b.dirty[c] {
			continue
		}
		all := b.around(c)
		for _, o := range all {
			b.dirty[o] = false
		}
		b.resolve(all, past)
	}
	clear(b.dirty)
}

// group groups posts: the same party holds them, the same organisation, and a name in common.
// SPEC: CNT-014
func (b *Book) group() {
	b.office, b.offices = map[record.Place]*office{}, nil
	if b.reg == nil {
		return
	}
	found := map[string][]int{} // the offices by a name that theirs may have in common with another's
	for _, p := range b.reg.Posts {
		of := p.Of()
		i := -1
		own, all := shared(p, of)
		for _, key := range append(all, "any "+own) {
			for _, k := range found[key] {
				if same(b.offices[k].Post, p) { // it may have another post by now
					if i < 0 || k < i {
						i = k
					}
					break
				}
			}
		}
		if i < 0 {
			i = len(b.offices)
			b.offices = append(b.offices, &office{Post: p, of: of})
		}
		o := b.offices[i]
		if o.Party != of && p.Party == of {
			o.Post = p
		}
		if o.Post == p {
			found[own] = within(found[own], i, cmp.Compare[int])
			for _, key := range all {
				found["any "+key] = within(found["any "+key], i, cmp.Compare[int])
			}
		}
		o.paired = append(o.paired, p.Counterparts...)
		b.office[p.Place] = o
		for _, e := range p.Was {
			b.office[e.Place()] = o
		}
	}
	slices.SortStableFunc(b.offices, func(x, y *office) int { return cmp.Or(cmp.Compare(x.Level, y.Level), strings.Compare(x.Name, y.Name)) })
}

// shared are the name and all names of a post, each with its organisation and who holds it, in one letter case.
func shared(p *register.Post, of string) (own string, all []string) {
	key := func(name string) string { return of + "\x00" + folded(p.Org) + "\x00" + folded(name) }
	own = key(p.Name)
	all = []string{own}
	for _, n := range p.Names {
		all = append(all, key(n))
	}
	slices.Sort(all)
	return own, slices.Compact(all)
}

// folded is one for all texts that strings.EqualFold finds equal.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, s)
}

func same(a, b *register.Post) bool {
	if !strings.EqualFold(a.Org, b.Org) {
		return false
	}
	named := func(p *register.Post, name string) bool {
		if strings.EqualFold(p.Name, name) {
			return true
		}
		for _, n := range p.Names {
			if strings.EqualFold(n, name) {
				return true
			}
		}
		return false
	}
	return named(a, b.Name) || named(b, a.Name)
}

// locate finds the offices of a contact.
func (b *Book) locate(c *account) {
	c.offices = nil
	for _, p := range c.Posts {
		if o := b.office[p]; o != nil && !slices.Contains(c.offices, o) {
			c.offices = append(c.offices, o)
		}
	}
}

// resolve finds which of some statements are one contact, and whose word each is.
//
// SPEC: CNT-017 CNT-018
func (b *Book) resolve(all []*account, past statement.Past) {
	slices.SortFunc(all, func(x, y *account) int { return x.Entry.Place().Compare(y.Entry.Place()) })
	newer, into := map[*account]*account{}, map[*account]*account{}
	for _, c := range all {
		c.replaced = false
	}
	for _, c := range all { // what its own author has corrected
		if t := b.target(c); t != nil && t.Party == c.Party {
			if was := newer[t]; was != nil {
				was.replaced = true
			}
			newer[t], t.replaced = c, true
		}
	}
	follow := func(c *account, by map[*account]*account) *account { // to the end; the way there is not gone again
		var gone []*account
		for n := by[c]; n != nil; n = by[c] {
			gone, c = append(gone, c), n
		}
		for _, o := range gone {
			by[o] = c
		}
		return c
	}
	ends := map[*account]*account{} // of what names accounts of its own party: the last that names one
	for _, c := range all {
		if t := b.target(c); t != nil && t.Party == c.Party {
			ends[c] = t
		}
	}
	for _, c := range all { // the other side's account of it, which names it
		t := b.target(follow(c, ends))
		if t == nil || c.replaced {
			continue
		}
		if t = follow(t, newer); t.replaced { // by a later one that named the same: that one stands for it
			t = follow(newer[b.target(t)], newer)
		}
		if t = follow(t, into); t != c {
			into[c] = t
		}
	}
	b.sameDay(all, into)
	accounts := map[*account][]*account{}
	for c := range into {
		c.replaced = true
		t := follow(c, into)
		accounts[t] = append(accounts[t], c)
	}
	for _, c := range all {
		c.shown = c.judge(accounts[c], past)
		if c.shown.Whose == "" {
			c.shown.Whose = map[bool]string{true: ByUs, false: ByThem}[c.Party == b.us]
		}
		c.whose = c.shown.Whose
	}
}

// sameDay joins one statement of each side of the same pair, kind and UTC day, where no second one fits.
func (b *Book) sameDay(all []*account, into map[*account]*account) {
	fits, joined := map[string][]*account{}, map[*account]bool{}
	for _, t := range into {
		joined[t] = true
	}
	for _, c := range all {
		if day := c.day(); day != "" && !c.replaced && len(c.offices) > 1 && into[c] == nil && !joined[c] {
			var pair []string
			for _, o := range c.offices {
				pair = append(pair, fmt.Sprintf("%p", o))
			}
			slices.Sort(pair)
			day += " " + strings.Join(pair, " ")
			fits[day] = append(fits[day], c)
		}
	}
	for _, f := range fits {
		if len(f) == 2 && f[0].Party != f[1].Party {
			into[f[1]] = f[0]
		}
	}
}

// judge gives the contact with whose word it is: the newest that the other side says of it, an account of its own, a yes or
// a no.
func (c *account) judge(accounts []*account, past statement.Past) *Contact {
	type said struct {
		entry *record.Entry
		yes   bool
	}
	var words []said
	ours := []said{{c.Entry, true}} // its author's own word, and what he says of the other's account
	out := *c.Contact
	for _, o := range accounts {
		if o.Party == c.Party {
			continue
		}
		if out.Other == nil || o.Entry.Place().Compare(out.Other.Entry.Place()) > 0 {
			out.Other = o.Contact
		}
		if !o.Private && !c.Private {
			words = append(words, said{o.Entry, c.Agree(o.Contact)})
			for _, v := range o.heard {
				ours = append(ours, said{v.Entry, v.Entry.Kind == KindConfirmed})
			}
		}
	}
	for _, v := range c.heard {
		words = append(words, said{v.Entry, v.Entry.Kind == KindConfirmed})
	}
	by := func(w said) *record.Entry { return w.entry }
	for _, w := range statement.NewestOf(words, by, past) {
		if out.Whose == "" {
			out.Whose = Both
		}
		if !w.yes {
			out.Whose = Differing
		}
	}
	if slices.ContainsFunc(statement.NewestOf(ours, by, past), func(w said) bool { return !w.yes }) {
		out.Whose = Differing
	}
	return &out
}

// Disputes gives the reason that a side gave for its no to the other's account, "" for none.
func (c *Contact) Disputes() (reason string) {
	heard := c.heard
	if c.Other != nil {
		heard = append(slices.Clone(heard), c.Other.heard...)
	}
	for _, v := range heard {
		if v.Entry.Kind == KindDisputed {
			reason = cmp.Or(v.Reason, reason)
		}
	}
	return reason
}

// Contact gives the contact that a statement is of, as it counts: the account that stands, whoever corrected it.
func (b *Book) Contact(p record.Place) *Contact {
	c := b.at[p]
	if c == nil {
		return nil
	}
	if c.replaced {
		for _, o := range b.around(c) {
			if o.shown.Other == c.Contact || !o.replaced && (b.target(c) == o || b.target(o) == c) {
				return o.shown
			}
		}
	}
	return c.shown
}

// Linked gives the contacts that a statement occasioned, and those that follow it, by date.
//
// SPEC: CNT-019
func (b *Book) Linked(p record.Place) (occasioned, followed []*Contact) {
	at := []string{p.String()}
	if c := b.at[p]; c != nil {
		for _, r := range c.places() {
			at = append(at, r.Place.String())
		}
	}
	for _, c := range b.contacts {
		switch {
		case c.replaced:
		case slices.Contains(at, c.Occasion):
			occasioned = append(occasioned, c.shown)
		case slices.Contains(at, c.Follows):
			followed = append(followed, c.shown)
		}
	}
	return occasioned, followed
}

// Assessments gives what we make of a statement for ourselves, in canonical order.
func (b *Book) Assessments(p record.Place) (out []*Assessment) {
	for _, a := range b.assessed {
		if a.About == p.String() {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(x, y *Assessment) int { return x.Entry.Place().Compare(y.Entry.Place()) })
	return out
}

// Near gives the requests that were accepted for about now and have not come about, by that time: no contact of both offices
// is stated for an instant since they were near.
//
// SPEC: CNT-028
func (b *Book) Near(now time.Time) (out []*Request) {
	for _, r := range b.agreed {
		if !now.Before(r.Near) && now.Before(r.Scheduled.Add(AgreedAfter)) && !b.spoke(r) {
			out = append(out, r.Request)
		}
	}
	slices.SortFunc(out, func(x, y *Request) int {
		return cmp.Or(x.Scheduled.Compare(y.Scheduled), x.Entry.Place().Compare(y.Entry.Place()))
	})
	return out
}

// How long before its time an agreed call is before the desks, and how long after it.
const (
	AgreedBefore = 15 * time.Minute
	AgreedAfter  = time.Hour
)

// spoke reports whether a contact of both offices of a request is stated for an instant since its time is near.
func (b *Book) spoke(r *sought) bool {
	for _, c := range slices.Backward(b.contacts) {
		if c.When.Latest().Before(r.Near) {
			break
		}
		if c.When.IsInstant() && slices.Contains(c.offices, r.from) && slices.Contains(c.offices, r.with) {
			return true
		}
	}
	return false
}

// Raised gives the contacts at which something was raised, by date.
func (b *Book) Raised() (out []*Contact) {
	for _, c := range b.contacts {
		if len(c.Concerns) > 0 && !c.replaced {
			out = append(out, c.shown)
		}
	}
	return out
}

// All gives every account of a contact, those too that were corrected, by date.
func (b *Book) All() (out []*Contact) {
	for _, c := range b.contacts {
		out = append(out, c.shown)
	}
	return out
}
