// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/fault"
	"example.org/parley/internal/home"
	"example.org/parley/internal/link"
	"example.org/parley/internal/pairing"
	"example.org/parley/words"
)

// pairLink is what the pairing needs of a session with the other node.
type pairLink interface {
	Events() <-chan link.Event
	SendStream(b []byte) bool
	Close(reason string) error
}

// pairingState is the pairing's own file in the line's directory.
const pairingState = "pairing.json"

// pairState is what outlives the process.
type pairState struct {
	Wrong int `json:"wrong,omitempty"` // numbers so far
	// Signed is written before the genesis. B clears it when A has shown that it holds the genesis, A at the first
	// session of the line: until then B hands it over, and A answers whoever pairs still.
	Signed bool `json:"signed,omitempty"`
}

// pairingGreeting is what a node says that pairs; any other greeting is that of a node in service.
const pairingGreeting = "pairing"

// pairDriver runs the pairing of one line until the genesis stands. It answers the operator's socket meanwhile.
type pairDriver struct {
	line *home.Line
	open func() (pairLink, error)
	log  *slog.Logger
	asks chan func() (pairing.Effects, func()) // what to do, and whom to tell once it is carried out
	gone chan struct{}

	// Owned by Run.
	m         *pairing.Pairing
	st        pairState
	link      pairLink
	exporters [][]byte
	stream    uint64
	out       [][]byte // not yet taken by the stream
}

// pairStateOf reads it; of a line that has never paired it is zero.
func pairStateOf(l *home.Line) (st pairState, err error) {
	b, err := l.State(pairingState)
	if err == nil && len(b) > 0 {
		err = json.Unmarshal(b, &st)
	}
	return st, err
}

// signedOnly reports whether a line has a genesis, and no session of the line has been here yet.
func signedOnly(l *home.Line) bool {
	st, err := pairStateOf(l)
	return err == nil && l.Genesis != nil && st.Signed
}

// newPairing makes the driver of a line that has both sheets. It opens the link with open, once a session that ended.
func newPairing(l *home.Line, open func() (pairLink, error), rand io.Reader, log *slog.Logger) (*pairDriver, error) {
	d := &pairDriver{line: l, open: open, log: log, asks: make(chan func() (pairing.Effects, func())), gone: make(chan struct{})}
	var err error
	if d.st, err = pairStateOf(l); err != nil {
		return nil, hint.New("enter the other party's sheet again: parley pair FILE", "the state of the pairing cannot be read: %v", err)
	}
	var made *pairing.Made
	if l.Genesis != nil {
		made = &pairing.Made{Note: l.Genesis.Note, Terms: l.Terms, TagKey: l.TagKey}
	}
	d.m, err = pairing.New(pairing.Config{Line: l.Name, Ours: l.Ours, Theirs: l.Theirs, Key: l.Keys.Sign, Terms: l.Config.Terms, Rand: rand, Wrong: d.st.Wrong}, made)
	return d, err
}

// settle is how long an end keeps the session after its last word, so that it arrives.
const settle = 500 * time.Millisecond

// Run leads the pairing to its end: nil when the genesis stands at both ends. It ends with the context too.
// SPEC: CLI-044
func (d *pairDriver) Run(ctx context.Context) error {
	defer close(d.gone)
	for {
		if d.link == nil && !d.m.Locked() {
			var err error
			if d.link, err = d.open(); err != nil {
				return fmt.Errorf("couldn't open the link for pairing: %w", err)
			}
		}
		done, err := d.session(ctx)
		if d.link != nil {
			d.linger(ctx)
			d.link.Close("pairing")
		}
		if done || err != nil {
			return err
		}
		d.link, d.exporters, d.out, d.stream = nil, nil, nil, 0
		if err := d.m.Drop(); err != nil {
			return err
		}
	}
}

// linger lets the last words arrive; the other end may close first.
func (d *pairDriver) linger(ctx context.Context) {
	t := time.NewTimer(settle)
	defer t.Stop()
	for {
		select {
		case ev := <-d.link.Events():
			if ev.Kind == link.StreamDown {
				return
			}
			d.flush()
		case <-t.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// session is one session with the other end, or the wait where the pairing is locked.
func (d *pairDriver) session(ctx context.Context) (done bool, err error) {
	var events <-chan link.Event
	if d.link != nil {
		events = d.link.Events()
	}
	for {
		var o pairing.Effects
		tell := func() {}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case f := <-d.asks:
			o, tell = f()
		case ev := <-events:
			if o, err = d.event(ev); err != nil {
				d.log.Warn("the pairing's session failed", "err", err)
			}
		}
		if err := d.carry(o); err != nil {
			return false, err
		}
		tell()
		if o.Done || o.End {
			return o.Done, nil
		}
	}
}

// event turns what the link says into what the machine is told.
func (d *pairDriver) event(ev link.Event) (o pairing.Effects, err error) {
	defer fault.Caught(d.log, "a message of the pairing", func() { o.End = true })
	switch ev.Kind {
	case link.SessionUp:
		if string(ev.Greeting) != pairingGreeting { // A is in service: it holds the genesis that we hand over
			return pairing.Effects{Done: d.line.Genesis != nil}, nil
		}
		x, err := ev.Exporter("EXPORTER-parley-pairing-v1", nil, 32)
		if err != nil {
			return pairing.Effects{}, fmt.Errorf("couldn't export from the session: %w", err)
		}
		d.exporters = append(d.exporters, x)
		d.exporters = d.exporters[max(0, len(d.exporters)-4):]
		if d.stream != 0 {
			return d.m.Session(d.exporters), nil
		}
	case link.StreamUp:
		if d.stream != 0 {
			if err := d.m.Drop(); err != nil {
				return pairing.Effects{}, err
			}
		}
		d.stream, d.out = ev.ID, nil
		return d.m.Session(d.exporters), nil
	case link.Stream:
		if ev.ID == d.stream {
			return d.m.Receive(ev.Payload)
		}
	case link.StreamRoom:
		d.flush()
	case link.StreamDown:
		if ev.ID == d.stream {
			d.stream, d.out = 0, nil
			return pairing.Effects{}, d.m.Drop()
		}
	}
	return pairing.Effects{}, nil
}

// carry does what a step wants, in its order: what is kept is on disk before anything is said.
func (d *pairDriver) carry(o pairing.Effects) error {
	st := d.st
	if o.Wrong {
		st.Wrong++
	}
	if o.Keep != nil {
		st.Signed = true
	}
	if o.Done && !d.line.IsPartyA() {
		st = pairState{}
	}
	if st != d.st {
		b, err := json.Marshal(st)
		if err != nil {
			return fmt.Errorf("couldn't keep the state of the pairing: %w", err)
		}
		if err := d.line.SetState(pairingState, b); err != nil {
			return err
		}
		d.st = st
	}
	if o.Keep != nil {
		if err := d.line.SetGenesis(o.Keep.Note, o.Keep.Terms, o.Keep.TagKey); err != nil {
			return err
		}
	}
	d.out = append(d.out, o.Send...)
	d.flush()
	return nil
}

func (d *pairDriver) flush() {
	for len(d.out) > 0 && d.stream != 0 && d.link.SendStream(bytes.Clone(d.out[0])) {
		d.out = d.out[1:]
	}
}

// Do answers the operator's socket: confirm and status; the rest needs a line.
func (d *pairDriver) Do(ctx context.Context, _ act.Who, lang string, a act.Act) (act.Reply, error) {
	type result struct {
		r   act.Reply
		err error
	}
	res := make(chan result, 1)
	ask := func() (pairing.Effects, func()) {
		o, r, err := d.do(lang, a)
		return o, func() { res <- result{r, err} }
	}
	select {
	case d.asks <- ask:
	case <-d.gone:
		return act.Reply{}, hint.New("ask again", "the pairing has just ended")
	case <-ctx.Done():
		return act.Reply{}, ctx.Err()
	}
	select {
	case r := <-res:
		return r.r, r.err
	case <-d.gone:
		return act.Reply{}, hint.New("ask again", "the pairing has just ended")
	}
}

func (d *pairDriver) do(lang string, a act.Act) (o pairing.Effects, r act.Reply, err error) {
	say := func(key string) string { return words.T(lang, "pairing."+key) }
	refuse := func(what, way string) (pairing.Effects, act.Reply, error) { // both in his language
		return o, act.Reply{}, hint.New("", "%s", what).Way("%s", way)
	}
	c, ok := a.(act.Confirm)
	switch v := d.m.View(lang); {
	case !ok && a.Verb() == "status":
		return o, act.Reply{Text: say(v.State), Data: v}, nil
	case !ok:
		return refuse(say("unpaired"), "parley confirm")
	case c.Number == "" && !c.Refuse:
		return o, act.Reply{Text: d.m.Text(lang), Data: v}, nil
	case d.m.Locked():
		return refuse(say("locked"), say("lockedhint"))
	case !d.m.Ready():
		return refuse(say(v.State), "parley confirm")
	case c.Refuse && v.State == "typed":
		return refuse(say("confirmed"), say("typed"))
	case c.Refuse:
		return d.m.Refuse(), act.Reply{Text: say("refused")}, nil
	}
	number, ok := pairing.Number(c.Number)
	if !ok {
		return o, r, hint.Usage("parley confirm '031 816', as the other end reads it out; it has cost no attempt", "confirm: %q is not a number of six digits", c.Number)
	}
	o, right, err := d.m.Type(number)
	switch {
	case err != nil:
		return o, r, err
	case right:
		v := d.m.View(lang)
		return o, act.Reply{Text: say(v.State), Data: v}, nil
	case d.m.Locked():
		return refuse(say("wrong")+". "+say("locked"), say("lockedhint"))
	}
	return refuse(fmt.Sprintf("%s (%d/%d)", say("wrong"), d.m.View(lang).Wrong, pairing.MaxWrong), say("wronghint"))
}
