// SPDX-License-Identifier: Apache-2.0

// Package pairing leads two nodes that hold each other's sheets to a genesis that both have signed.
//
// Machine is pure: it is told of sessions, messages and typed numbers, and says what to send and what to keep. The
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
	"bytes"
	"crypto/ed25519"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"example.org/parley/party"
	"example.org/parley/wire"
)

// MaxWrong is how many wrong numbers lock a pairing.
const MaxWrong = 3

// Config is what a machine is given.
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

// Out is what a step wants done, in this order: keep, count, send, end.
type Out struct {
	Keep  *Made    // on disk before anything is sent
	Wrong bool     // one more wrong number, on disk too
	Send  [][]byte // in order
	End   bool     // this session is over; begin another one
	Done  bool     // the pairing is over
}

// Machine is one end of a pairing. Not for several goroutines.
type Machine struct {
	cfg   Config
	a     bool // we are A
	s     session
	wrong int
	made  *Made  // signed by both
	last  string // what happened in the session before, as a word of the table
}

// session is what one attempt knows.
type session struct {
	known   map[wire.Hash][]byte // exporters of the sessions seen, by their id
	hello   message              // B's newest
	use     []byte               // the exporter chosen
	nonce   [32]byte
	random  [32]byte
	commit  *wire.Hash // theirs
	theirs  *[32]byte  // their nonce
	ourNum  string
	wantNum string
	draft   *party.Genesis
	terms   []byte
	tagKey  [32]byte
	typed   bool // our officer typed the right number
	signed  *party.Genesis
	over    bool
}

// message is every message of a pairing; which members it has depends on T.
type message struct {
	T     string   `json:"t"`
	IDs   [][]byte `json:"ids,omitempty"`
	Use   []byte   `json:"use,omitempty"`
	Hash  []byte   `json:"hash,omitempty"`
	Value []byte   `json:"value,omitempty"` // nonce, random bytes, handshake's key
	Tel   []string `json:"tel,omitempty"`
	Note  []byte   `json:"note,omitempty"`
	Terms []byte   `json:"terms,omitempty"`
}

// MaxMessage bounds a message of the pairing.
const MaxMessage = 32 << 10

// ErrPairing is wrapped by every reason why the other end's messages do not make a pairing.
var ErrPairing = errors.New("the pairing with the other end failed")

func wrongf(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrPairing, fmt.Sprintf(format, a...))
}

func (m message) encode() []byte {
	b, _ := json.Marshal(m) // plain fields: cannot fail
	return b
}

func decode(b []byte) (message, error) {
	var m message
	if len(b) > MaxMessage {
		return m, wrongf("a message of %d bytes", len(b))
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil || dec.More() {
		return m, wrongf("a message that cannot be read: %v", err)
	}
	if len(m.IDs) > 8 || len(m.Tel) > 4 {
		return m, wrongf("a message with too much in it")
	}
	return m, nil
}

// New begins a pairing. With made it only hands over what B has signed already.
func New(cfg Config, made *Made) (*Machine, error) {
	m := &Machine{cfg: cfg, a: party.First(cfg.Ours, cfg.Theirs), wrong: cfg.Wrong, made: made}
	return m, m.reset()
}

// reset forgets the session: new nonce, new random bytes, new key.
func (m *Machine) reset() error {
	m.s = session{known: map[wire.Hash][]byte{}}
	for _, p := range []*[32]byte{&m.s.nonce, &m.s.random, &m.s.tagKey} {
		b, err := party.Draw(m.cfg.Rand)
		if err != nil {
			return err
		}
		*p = b
	}
	return nil
}

func (m *Machine) role() string {
	if m.a {
		return "A"
	}
	return "B"
}

func (m *Machine) sheets() (a, b *party.Sheet) {
	if m.a {
		return m.cfg.Ours, m.cfg.Theirs
	}
	return m.cfg.Theirs, m.cfg.Ours
}

func sessionID(exporter []byte) wire.Hash {
	return wire.Sum(append([]byte("parley/v1 pairing session\n"), exporter...))
}

// Session says that messages can be sent, over a session with one of these exporters: both ends may see two
// connections for a moment, A chooses one that both see.
func (m *Machine) Session(exporters [][]byte) Out {
	for _, x := range exporters {
		m.s.known[sessionID(x)] = x
	}
	switch {
	case m.made != nil && !m.a:
		return Out{Send: [][]byte{m.doneMessage()}}
	case m.s.use != nil || m.Locked():
		return Out{}
	case m.a:
		return m.onHello(m.s.hello) // it may have come before the session was seen here
	}
	return Out{Send: [][]byte{m.hello()}}
}

func (m *Machine) hello() []byte {
	h := message{T: "hello", Value: m.s.random[:], Tel: m.cfg.Terms.Fallback[m.cfg.Ours.Party]}
	for id := range m.s.known {
		h.IDs = append(h.IDs, id[:])
	}
	slices.SortFunc(h.IDs, slices.Compare)
	return h.encode()
}

func (m *Machine) doneMessage() []byte {
	return message{T: "done", Note: m.made.Note, Terms: m.made.Terms, Value: m.made.TagKey[:]}.encode()
}

// Drop says that the session is gone.
func (m *Machine) Drop() error { return m.reset() }

// Locked reports whether too many numbers were wrong.
func (m *Machine) Locked() bool { return m.wrong >= MaxWrong }

// Receive takes one message of the other end.
func (m *Machine) Receive(b []byte) (Out, error) {
	x, err := decode(b)
	if err != nil {
		return Out{End: true}, err
	}
	var o Out
	switch {
	case x.T == "have" && !m.a && m.made != nil:
		return Out{Done: true}, nil
	case x.T == "done" && m.a:
		o, err = m.onDone(x)
	case m.Locked() || m.s.over || m.made != nil:
		return Out{}, nil
	case x.T == "wrong":
		m.last = "theirwrong"
		return m.countWrong(nil), nil
	case x.T == "refused":
		m.s.over, m.last = true, "theyrefused"
		return Out{End: true}, nil
	case x.T == "hello" && m.a:
		o = m.onHello(x)
	case x.T == "commit":
		o, err = m.onCommit(x)
	case x.T == "nonce":
		o, err = m.onNonce(x)
	case x.T == "draft" && !m.a:
		err = m.onDraft(x)
	case x.T == "signed" && !m.a:
		o, err = m.onSigned(x)
	default:
		err = wrongf("%q out of turn", x.T)
	}
	if err != nil {
		m.s.over, o = true, Out{End: true}
	}
	return o, err
}

// onHello, at A: choose a session that both see, commit.
func (m *Machine) onHello(x message) Out {
	if m.s.hello = x; m.s.use != nil {
		return Out{}
	}
	for _, id := range x.IDs {
		if use, ok := m.s.known[hashOf(id)]; ok && len(id) == 32 && len(x.Value) == 32 {
			m.s.use, m.s.random = use, [32]byte(x.Value) // of B
			m.cfg.Terms.Fallback = fallback(m.cfg.Terms.Fallback, m.cfg.Theirs.Party, x.Tel)
			c := party.Commit("A", m.cfg.Ours.Party, m.s.nonce)
			return Out{Send: [][]byte{message{T: "commit", Use: id, Hash: c[:]}.encode()}}
		}
	}
	return Out{} // another hello comes with the next session
}

// fallback keeps our numbers and takes theirs from them.
func fallback(ours map[string][]string, them string, tel []string) map[string][]string {
	f := map[string][]string{}
	for p, n := range ours {
		f[p] = n
	}
	if len(tel) > 0 {
		f[them] = tel
	}
	return f
}

func hashOf(b []byte) (h wire.Hash) {
	copy(h[:], b)
	return h
}

func (m *Machine) onCommit(x message) (Out, error) {
	if m.s.commit != nil || len(x.Hash) != 32 {
		return Out{}, wrongf("a second commitment, or none")
	}
	c := hashOf(x.Hash)
	m.s.commit = &c
	if m.a {
		if m.s.use == nil {
			return Out{}, wrongf("a commitment before ours")
		}
		return Out{Send: [][]byte{message{T: "nonce", Value: m.s.nonce[:]}.encode()}}, nil
	}
	use, ok := m.s.known[hashOf(x.Use)]
	if !ok {
		return Out{}, wrongf("a session that is not here")
	}
	m.s.use = use
	our := party.Commit("B", m.cfg.Ours.Party, m.s.nonce)
	return Out{Send: [][]byte{message{T: "commit", Hash: our[:]}.encode()}}, nil
}

// Ready reports whether there is a genesis to show and a number to type.
func (m *Machine) Ready() bool { return m.s.draft != nil && !m.s.over && !m.Locked() }

// Number reads a pairing number as people type it, 031816, 031 816 or 031-816; what is not six digits is none.
//
// SPEC: CLI-045
func Number(s string) (string, bool) {
	s = strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\u2011", "", "\u2013", "").Replace(s)
	ok := len(s) == 6 && strings.Trim(s, "0123456789") == ""
	return s, ok
}

// Type takes the number that our officer heard from the other end. His own is wrong too. Once the right one was typed
// our signature may be out: what is typed after it counts no more.
//
// SPEC: CLI-041
func (m *Machine) Type(number string) (Out, bool, error) {
	if m.s.typed {
		return Out{}, true, nil
	}
	if subtle.ConstantTimeCompare([]byte(number), []byte(m.s.wantNum)) != 1 {
		m.last = "ourwrong"
		return m.countWrong([][]byte{message{T: "wrong"}.encode()}), false, nil
	}
	m.s.typed = true
	if !m.a {
		o, err := m.finishB()
		return o, true, err
	}
	g := *m.s.draft
	if err := g.SignA(m.cfg.Key); err != nil {
		return Out{}, true, err
	}
	return Out{Send: [][]byte{message{T: "signed", Note: g.Note}.encode()}}, true, nil
}

// Refuse ends the session: our officer does not sign this.
func (m *Machine) Refuse() Out {
	m.s.over, m.last = true, "werefused"
	return Out{Send: [][]byte{message{T: "refused"}.encode()}, End: true}
}

// countWrong ends the session; the third locks. SPEC: CLI-042
func (m *Machine) countWrong(send [][]byte) Out {
	m.wrong++
	m.s.over = true
	return Out{Wrong: true, Send: send, End: true}
}
