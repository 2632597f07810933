// SPDX-License-Identifier: Apache-2.0

// Package pairing leads two nodes that hold each other's sheets to a genesis that both have signed.
//
// Pairing is pure: it is told of sessions, messages and typed numbers, and says what to send and what to keep. The
// order of a session (B begins since A's sheet is the smaller):
//
//	B → A  hello   which sessions it sees, its 32 random bytes, its telephone numbers
//	A → B  commit  the session chosen, H(A, party, nonce)
//	B → A  commit  H(B, party, nonce)
//	A → B  nonce · B → A  nonce        now both have both numbers, and neither could choose
//	A → B  draft   the genesis, its terms, the handshake's key
//	A → B  signed  once A's officer has typed B's number
//	B → A  done    once B's officer has typed A's number: both signatures, kept at B before it is sent
//	A → B  have    kept at A too: the line exists
//
// A wrong number ends the session at both ends and counts; three in all lock the pairing until a new issue of a
// sheet is entered. B sends done again in a later session until it hears have, or is greeted by a node in service.
//
// cmd/parley runs a machine over the link and is the line to the operator's socket meanwhile. What this package is not:
// it makes no keys and no sheets (package party) and decides nothing about addresses. Spec: spec/cli.md, pairing.
package pairing

import (
	"crypto/ed25519"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"example.org/parley/party"
	"example.org/parley/wire"
)

// MaxWrong is how many wrong numbers lock a pairing.
const MaxWrong = 3

// Config is what a pairing is given.
type Config struct {
	Line         string // its name here; A's stands in the genesis
	Ours, Theirs *party.Sheet
	Key          ed25519.PrivateKey // our sign key
	Terms        party.Terms        // what we propose if we are A
	Rand         io.Reader
	Wrong        int // wrong numbers so far
}

// Made is the genesis signed by both, with what belongs to it.
type Made struct {
	Note, Terms []byte
	TagKey      [32]byte
}

// Effects are what a step wants done, in this order: keep, count, send, end.
type Effects struct {
	Keep  *Made    // on disk before anything is sent
	Wrong bool     // one more wrong number, on disk too
	Send  [][]byte // in order
	End   bool     // this session is over; begin another one
	Done  bool     // the pairing is over
}

// Pairing is one end of a pairing. Not for several goroutines.
type Pairing struct {
	cfg    Config
	place  int // 0: we are A, 1: B
	sheets [2]*party.Sheet
	s      session
	made   *Made  // signed by both
	last   string // what happened in the session before, as a word of the table
}

// session is what one attempt knows. What there is two of is A's and B's.
type session struct {
	known   map[wire.Hash][]byte // exporters of the sessions seen, by their id
	hello   message              // B's newest
	use     []byte               // the exporter chosen
	nonces  [2][32]byte
	random  [32]byte
	commit  *wire.Hash // theirs
	numbers [2]string  // once both nonces are known
	draft   *party.Genesis
	terms   []byte
	tagKey  [32]byte
	typed   bool // our officer typed the right number
	signed  *party.Genesis
	over    bool
}

// message is every message of a pairing; which members it has depends on T.
type message struct {
	T     string      `json:"t"`
	IDs   []wire.Hash `json:"ids,omitempty"`
	Use   wire.Hash   `json:"use,omitzero"`
	Value wire.Hash   `json:"value,omitzero"` // commitment, nonce, random bytes, handshake's key
	Tel   []string    `json:"tel,omitempty"`
	Note  []byte      `json:"note,omitempty"`
	Terms []byte      `json:"terms,omitempty"`
}

// MaxMessage bounds a message of the pairing.
const MaxMessage = 32 << 10

// ErrPairing is wrapped by every reason why the other end's messages do not make a pairing.
var ErrPairing = errors.New("the pairing with the other end failed")

func wrongf(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrPairing, fmt.Sprintf(format, a...))
}

func (m message) encode() [][]byte {
	b, _ := wire.EncodeObject(m) // plain fields: cannot fail
	return [][]byte{b}
}

func decode(b []byte) (m message, err error) {
	if err := wire.DecodeObject(b, MaxMessage, &m); err != nil {
		return m, wrongf("a message that cannot be read: %v", err)
	}
	if len(m.IDs) > 8 || len(m.Tel) > 4 {
		return m, wrongf("a message with too much in it")
	}
	return m, nil
}

// New begins a pairing. With made it only hands over what B has signed already.
func New(cfg Config, made *Made) (*Pairing, error) {
	p := &Pairing{cfg: cfg, sheets: [2]*party.Sheet{cfg.Ours, cfg.Theirs}, made: made}
	if !cfg.Ours.IsPartyA(cfg.Theirs) {
		p.place = 1
		slices.Reverse(p.sheets[:])
	}
	return p, p.Drop()
}

// Drop says that the session is gone, and forgets it: new nonce, new random bytes, new key.
func (p *Pairing) Drop() (err error) {
	p.s = session{known: map[wire.Hash][]byte{}}
	for _, b := range []*[32]byte{&p.s.nonces[p.place], &p.s.random, &p.s.tagKey} {
		if *b, err = party.Draw(p.cfg.Rand); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pairing) isA() bool { return p.place == 0 }

func sessionID(exporter []byte) wire.Hash {
	return wire.Sum(append([]byte("parley/v1 pairing session\n"), exporter...))
}

// Session says that messages can be sent, over a session with one of these exporters: both ends may see two
// connections for a moment, A chooses one that both see.
func (p *Pairing) Session(exporters [][]byte) Effects {
	for _, x := range exporters {
		p.s.known[sessionID(x)] = x
	}
	switch {
	case p.made != nil && !p.isA():
		return Effects{Send: p.doneMessage()}
	case p.s.use != nil || p.Locked():
		return Effects{}
	case p.isA():
		return p.onHello(p.s.hello) // it may have come before the session was seen here
	}
	ids := slices.SortedFunc(maps.Keys(p.s.known), func(a, b wire.Hash) int { return slices.Compare(a[:], b[:]) })
	return Effects{Send: message{T: "hello", IDs: ids, Value: p.s.random, Tel: p.cfg.Terms.Fallback[p.cfg.Ours.Party]}.encode()}
}

func (p *Pairing) doneMessage() [][]byte {
	return message{T: "done", Note: p.made.Note, Terms: p.made.Terms, Value: p.made.TagKey}.encode()
}

// Locked reports whether too many numbers were wrong.
func (p *Pairing) Locked() bool { return p.cfg.Wrong >= MaxWrong }

// Receive takes one message of the other end.
func (p *Pairing) Receive(b []byte) (Effects, error) {
	x, err := decode(b)
	if err != nil {
		return Effects{End: true}, err
	}
	var o Effects
	switch {
	case x.T == "have" && !p.isA() && p.made != nil:
		return Effects{Done: true}, nil
	case x.T == "done" && p.isA():
		o, err = p.onDone(x)
	case p.Locked() || p.s.over || p.made != nil:
		return Effects{}, nil
	case x.T == "wrong":
		p.last = "theirwrong"
		return p.countWrong(nil), nil
	case x.T == "refused":
		p.s.over, p.last = true, "theyrefused"
		return Effects{End: true}, nil
	case x.T == "hello" && p.isA():
		o = p.onHello(x)
	case x.T == "commit":
		o, err = p.onCommit(x)
	case x.T == "nonce":
		o, err = p.onNonce(x)
	case x.T == "draft" && !p.isA():
		err = p.onDraft(x)
	case x.T == "signed" && !p.isA():
		o, err = p.onSigned(x)
	default:
		err = wrongf("%q out of turn", x.T)
	}
	if err != nil {
		p.s.over, o = true, Effects{End: true}
	}
	return o, err
}

// onHello, at A: choose a session that both see, commit. We keep our telephone numbers and take theirs from them.
func (p *Pairing) onHello(x message) Effects {
	if p.s.hello = x; p.s.use != nil {
		return Effects{}
	}
	for _, id := range x.IDs {
		if use, ok := p.s.known[id]; ok {
			p.s.use, p.s.random = use, x.Value // of B
			fallback := map[string][]string{}
			if maps.Copy(fallback, p.cfg.Terms.Fallback); len(x.Tel) > 0 {
				fallback[p.cfg.Theirs.Party] = x.Tel
			}
			p.cfg.Terms.Fallback = fallback
			return Effects{Send: message{T: "commit", Use: id, Value: p.commitment()}.encode()}
		}
	}
	return Effects{} // another hello comes with the next session
}

func (p *Pairing) commitment() wire.Hash {
	return party.Commit(p.place, p.cfg.Ours.Party, p.s.nonces[p.place])
}

func (p *Pairing) onCommit(x message) (Effects, error) {
	if p.s.commit != nil {
		return Effects{}, wrongf("a second commitment")
	}
	p.s.commit = &x.Value
	if p.isA() {
		if p.s.use == nil {
			return Effects{}, wrongf("a commitment before ours")
		}
		return Effects{Send: message{T: "nonce", Value: p.s.nonces[0]}.encode()}, nil
	}
	if p.s.use = p.s.known[x.Use]; p.s.use == nil {
		return Effects{}, wrongf("a session that is not here")
	}
	return Effects{Send: message{T: "commit", Value: p.commitment()}.encode()}, nil
}

// Ready reports whether there is a genesis to show and a number to type.
func (p *Pairing) Ready() bool { return p.s.draft != nil && !p.s.over && !p.Locked() }

// Number reads a pairing number as people type it, 031816, 031 816 or 031-816; what is not six digits is none.
//
// SPEC: CLI-045
func Number(s string) (string, bool) {
	s = strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\u2011", "", "\u2013", "").Replace(s)
	return s, len(s) == 6 && strings.Trim(s, "0123456789") == ""
}

// Type takes the number that our officer heard from the other end. His own is wrong too. Once the right one was typed
// our signature may be out: what is typed after it counts no more.
//
// SPEC: CLI-041
func (p *Pairing) Type(number string) (Effects, bool, error) {
	if p.s.typed {
		return Effects{}, true, nil
	}
	if subtle.ConstantTimeCompare([]byte(number), []byte(p.s.numbers[1-p.place])) != 1 {
		p.last = "ourwrong"
		return p.countWrong(message{T: "wrong"}.encode()), false, nil
	}
	p.s.typed = true
	if !p.isA() {
		o, err := p.finishB()
		return o, true, err
	}
	g := *p.s.draft
	if err := g.SignNext(p.cfg.Key); err != nil {
		return Effects{}, true, err
	}
	return Effects{Send: message{T: "signed", Note: g.Note}.encode()}, true, nil
}

// Refuse ends the session: our officer does not sign this.
func (p *Pairing) Refuse() Effects {
	p.s.over, p.last = true, "werefused"
	return Effects{Send: message{T: "refused"}.encode(), End: true}
}

// countWrong ends the session; the third locks. SPEC: CLI-042
func (p *Pairing) countWrong(send [][]byte) Effects {
	p.cfg.Wrong++
	p.s.over = true
	return Effects{Wrong: true, Send: send, End: true}
}
