// SPDX-License-Identifier: Apache-2.0

// Package home is the directory in which a party's node keeps what is its own:
//
//	HOME/control.sock            the operator's socket (internal/control)
//	HOME/desks.json              who is signed on at which terminal (internal/control)
//	HOME/serve.lock              which process serves this home
//	HOME/reserve                 given back to a full disk (internal/store)
//	HOME/board.*                 what the board of several lines keeps, as page.* of a line
//	HOME/tls/NAME/               the certificate of the desks' page under that name (internal/cert)
//	HOME/.restore                a backup that is being put back: gone once it is whole (internal/backup)
//	HOME/lines/NAME/config.toml  one documented struct, validated once (Config)
//	HOME/lines/NAME/*.key        party, sign, link and tag keys, 0600, refused otherwise; the party key may be elsewhere
//	HOME/lines/NAME/sheet.unsigned  our next sheet, which waits for the party key · config.next: the paths that go with it
//	HOME/lines/NAME/sheet.ours   our sheet · sheet.theirs: the other party's, once entered · sheet.ours.2, sheet.theirs.2 …: the issues after the genesis
//	HOME/lines/NAME/*.key.next   keys of our newest sheet that the other party has not accepted yet · *.key.unsigned: those of sheet.unsigned
//	HOME/lines/NAME/link.met     the newest of the other party's link keys with which it has come
//	HOME/lines/NAME/phone.secret password of the telephones' trunk · phone.crt, phone.key: our certificate there, and whatever file [phone] ca names
//	HOME/lines/NAME/party.key.gone  a sealed party key that is still to be overwritten
//	HOME/lines/NAME/genesis      signed by both, once confirmed · terms: its body · pairing.json: how far it is
//	HOME/lines/NAME/alone        of a line that began alone, its genesis · alone.terms, alone.sheet: what that names · alone.db: its record
//	HOME/lines/NAME/page.*       what the desks' page keeps: sessions and desks, by the hash of their cookies, and the public halves of passkeys
//	HOME/lines/NAME/record.db    the record (internal/store) · record.db-wal: what is not in it yet · record.db.lock: which process has it
//	HOME/lines/NAME/record.db.schemaN  the whole of it before a newer program changed its schema N · record.db.moved: before PostgreSQL took it over
//	HOME/lines/NAME/recordings   the sound of calls, where the parties agreed to record it (internal/recording)
//
// A line is one directory: backing up, leaving and erasing are per line, and nothing that happens
// on one line can touch another.
//
// It reads and writes files and judges their modes and forms. It opens no socket, starts nothing,
// and knows neither the record nor the node. Its spec is spec/cli.md.
package home

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"example.org/parley/hint"
	"example.org/parley/party"
	"example.org/parley/wire"
)

// Home is one home directory.
type Home struct{ Dir string }

// OfMachine is the home that a package of the machine makes.
var OfMachine = "/var/lib/parley"

// Default is $PARLEY_HOME, else .parley in the user's home directory where it is, else the machine's where that is, else
// .parley, else none. SPEC: CLI-009
func Default() string {
	if d := os.Getenv("PARLEY_HOME"); d != "" {
		return d
	}
	own := "" // nobody's keys land wherever he happens to be
	if d, err := os.UserHomeDir(); err == nil {
		own = filepath.Join(d, ".parley")
	}
	for _, d := range []string{own, OfMachine} {
		if st, err := os.Stat(d); d != "" && err == nil && st.IsDir() {
			return d
		}
	}
	return own
}

// Owned refuses the work on the files of a home to all accounts but the one whose files they are: root's would stand in
// the service's way. SPEC: CLI-051
func (h Home) Owned() error {
	st, err := os.Stat(h.Dir)
	if err != nil {
		return nil // it is made, or missed where it is read
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok || int(sys.Uid) == os.Geteuid() {
		return nil
	}
	name := strconv.Itoa(int(sys.Uid))
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	return hint.New("", "the home %s belongs to the account %s, and only that account reads and writes its files", h.Dir, name).Way("runuser -u %s -- parley …", name)
}

var errNoDir = hint.New("name one: --home DIR", "there is no home directory: neither HOME nor PARLEY_HOME is set")

// Share lets the accounts of a group ask the node: they may pass through the home to its socket and read nothing in it.
//
// SPEC: CLI-017
func (h Home) Share(group string) error {
	if h.Dir == "" {
		return errNoDir
	}
	g, err := user.LookupGroup(group)
	if err != nil {
		return hint.New("a group of this machine; make one: groupadd parley", "there is no group %q", group)
	}
	gid, err := strconv.Atoi(g.Gid)
	if err == nil {
		err = os.MkdirAll(h.Dir, 0o700)
	}
	if err == nil {
		err = os.Chown(h.Dir, -1, gid)
	}
	if err == nil {
		err = os.Chmod(h.Dir, 0o710)
	}
	if err != nil {
		return hint.New("a group that this account belongs to", "the home cannot be given to the group %s: %v", group, err)
	}
	return nil
}

// ShareSocket gives the socket to whom the home is shared with, else to its owner alone.
func (h Home) ShareSocket() error {
	st, err := os.Stat(h.Dir)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o600)
	if sys, ok := st.Sys().(*syscall.Stat_t); ok && st.Mode().Perm()&0o070 == 0o010 {
		mode = 0o660
		if err := os.Chown(h.Socket(), -1, int(sys.Gid)); err != nil {
			return err
		}
	}
	return os.Chmod(h.Socket(), mode)
}

// Socket is the path of the control socket.
func (h Home) Socket() string { return filepath.Join(h.Dir, "control.sock") }

// Desks is the path of the table of signed-on desks.
func (h Home) Desks() string { return filepath.Join(h.Dir, "desks.json") }

func (h Home) lineDir(name string) string { return filepath.Join(h.Dir, "lines", name) }

// Lines lists the lines of the home, sorted.
func (h Home) Lines() ([]string, error) {
	if h.Dir == "" {
		return nil, errNoDir
	}
	if err := h.Owned(); err != nil {
		return nil, err
	}
	es, err := os.ReadDir(filepath.Join(h.Dir, "lines"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hint.New("make one: parley setup, or name it: --home DIR", "there is no home at %s", h.Dir)
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't list the lines: %w", err)
	}
	var names []string
	for _, e := range es {
		if e.IsDir() && wire.ValidName(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Pick gives the line asked for; an empty name means the only one.
//
// SPEC: CLI-005
func (h Home) Pick(name string) (string, error) {
	names, err := h.Lines()
	if err != nil {
		return "", err
	}
	return PickOf(name, names, h.Dir)
}

// PickOf is Pick among the names of lines that are known.
func PickOf(name string, names []string, dir string) (string, error) {
	switch {
	case name != "" && !slices.Contains(names, name):
		return "", hint.New("", "there is no line %q in %s", name, dir).Way("lines: %s", strings.Join(names, ", "))
	case name != "":
		return name, nil
	case len(names) == 1:
		return names[0], nil
	case len(names) == 0:
		return "", hint.New("make one: parley init --party NAME", "this home has no line yet")
	}
	return "", hint.New("", "this home has several lines").Way("say which: --line %s", strings.Join(names, "|"))
}

// Line is one line's directory, read and checked.
type Line struct {
	Name                   string
	Dir                    string
	Config                 Config
	Keys                   party.Keys
	Ours                   *party.Sheet   // newest issue
	Theirs                 *party.Sheet   // newest issue taken; nil until entered
	Genesis                *party.Genesis // nil until signed by both
	Terms                  []byte         // body of the terms, nil until then
	TagKey                 [32]byte       // keys the silent handshake once the genesis stands
	OurIssues, TheirIssues Issues         // from the one that the genesis names on; the second nil until entered
	Alone                  *Line          // the time for which it was alone, with a genesis, terms and a record of its own; nil: it never was
}

// DB is the path of the record.
func (l *Line) DB() string {
	if l.Genesis != nil && l.Genesis.Alone() {
		return filepath.Join(l.Dir, "alone.db")
	}
	return filepath.Join(l.Dir, "record.db")
}

// Reserve is the file that the home gives back to a full disk, one for all its lines.
func (l *Line) Reserve() string { return filepath.Join(l.Dir, "..", "..", "reserve") }

// IsPartyA reports whether we are A. It needs both sheets.
func (l *Line) IsPartyA() bool { return l.Ours.IsPartyA(l.Theirs) }

// Sheets gives A's and B's sheet as the genesis names them. It needs both, but of a line alone, whose B has none.
func (l *Line) Sheets() [2]*party.Sheet {
	if l.Theirs == nil {
		return [2]*party.Sheet{l.OurIssues[0], nil}
	}
	if l.IsPartyA() {
		return [2]*party.Sheet{l.OurIssues[0], l.TheirIssues[0]}
	}
	return [2]*party.Sheet{l.TheirIssues[0], l.OurIssues[0]}
}

// Init makes a line: its keys, config and sheet. It never replaces one.
//
// SPEC: CLI-001
func (h Home) Init(name string, c Config, rand io.Reader) (*Line, error) {
	return h.make(name, c, rand, func(*Line) error { return nil })
}

// InitAlone makes a line of which the other party is only named, whole or not at all.
//
// SPEC: ALN-010
func (h Home) InitAlone(name string, c Config, other string, rand io.Reader) (*Line, error) {
	return h.make(name, c, rand, func(l *Line) error { return l.beginAlone(other, rand) })
}

func (l *Line) beginAlone(other string, rand io.Reader) error {
	salt, err := party.Draw(rand)
	own, err2 := party.Draw(rand)
	if err = errors.Join(err, err2); err != nil {
		return err
	}
	terms, err := l.Config.Terms.Encode(salt)
	if err != nil {
		return err
	}
	ours, err := l.read("sheet.ours")
	if err == nil {
		l.Ours, err = party.ParseSheet(ours)
	}
	if err != nil {
		return err
	}
	g, err := party.NewAlone(l.Name, l.Ours, other, own, terms)
	if err == nil {
		err = g.SignNext(l.Keys.Sign)
	}
	if err != nil {
		return hint.New("name the other party as it names itself: a letter, then letters, digits or -, 16 at most, all small", "%v", err)
	}
	return l.writeAll(file{"alone.terms", terms}, file{"alone.sheet", ours}, file{"alone", g.Note})
}

// make makes a line's directory whole or not at all; more adds to what every line has.
func (h Home) make(name string, c Config, rand io.Reader, more func(*Line) error) (*Line, error) {
	if h.Dir == "" {
		return nil, errNoDir
	}
	if err := h.Owned(); err != nil {
		return nil, err
	}
	if !wire.ValidName(name) {
		return nil, hint.New("a letter, then letters, digits or -, 16 at most, all small", "%q cannot name a line", name)
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	dir := h.lineDir(name)
	if _, err := os.Stat(dir); err == nil {
		return nil, hint.New("choose another name: --line NAME", "the line %q is already here", name)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return nil, fmt.Errorf("couldn't make the home: %w", err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".init-")
	if err != nil {
		return nil, fmt.Errorf("couldn't make the line: %w", err)
	}
	defer os.RemoveAll(tmp)
	l := &Line{Name: name, Dir: tmp, Config: c}
	if err := l.create(rand); err != nil {
		return nil, err
	}
	if err := more(l); err != nil {
		return nil, err
	}
	if err := os.Rename(tmp, dir); err != nil {
		return nil, fmt.Errorf("couldn't make the line: %w", err)
	}
	return h.Load(name)
}

// create writes keys, config and the first issue of the sheet.
func (l *Line) create(rand io.Reader) error {
	k, err := party.NewKeys(rand)
	if err != nil {
		return err
	}
	l.Keys = k
	files := map[string][]byte{
		"party.key": party.EncodeSecret("party", k.Party), "sign.key": party.EncodeSecret("sign", k.Sign),
		"link.key":    party.EncodeSecret("link", k.Link),
		"config.toml": l.Config.encode(),
	}
	s, err := l.Config.sheet(k, nil)
	if err != nil {
		return hint.New("see --party and --path", "%v", err)
	}
	files["sheet.ours"] = s.Note
	for name, b := range files {
		if err := l.write(name, b); err != nil {
			return err
		}
	}
	return nil
}

// Load reads and checks a line. SPEC: CLI-002
func (h Home) Load(name string) (*Line, error) {
	l := &Line{Name: name, Dir: h.lineDir(name)}
	b, err := l.read("config.toml")
	if err == nil {
		l.Config, err = DecodeConfig(b)
	}
	if err != nil {
		return nil, err
	}
	_ = l.wipe() // doctor says that it stands; the line does not stop for it
	if err := l.loadKeys(); err != nil {
		return nil, err
	}
	if err := l.loadSheets(); err != nil {
		return nil, err
	}
	return l, l.loadAlone()
}

// loadAlone reads what the time alone rests on.
func (l *Line) loadAlone() error {
	note, err := l.read("alone")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	sheet, err2 := l.read("alone.sheet")
	terms, err3 := l.read("alone.terms")
	if err := errors.Join(err, err2, err3); err != nil {
		return err
	}
	a := &Line{Name: l.Name, Dir: l.Dir, Config: l.Config, Keys: l.Keys, Terms: terms}
	if a.Ours, err = party.ParseSheet(sheet); err == nil {
		a.OurIssues = Issues{a.Ours}
		if a.Genesis, err = party.ParseGenesis(note); err == nil {
			err = a.Genesis.Fits(a.Sheets(), terms)
		}
	}
	if err != nil || !a.Genesis.Complete() {
		return damaged("alone", fmt.Errorf("it does not fit the sheet and terms beside it: %w", errors.Join(err, party.ErrGenesis)))
	}
	l.Alone = a
	return nil
}

func damaged(file string, err error) error {
	return hint.New("put the file back from your backup", "%s cannot be read: %v", file, err)
}

// loadSheets reads what is public: sheets, genesis, terms.
func (l *Line) loadSheets() error {
	b, err := l.read("sheet.ours")
	if err != nil {
		return err
	}
	if l.Ours, err = party.ParseSheet(b); err != nil {
		return damaged("sheet.ours", err)
	}
	if l.OurIssues, err = l.loadIssues("sheet.ours", l.Ours); err != nil {
		return err
	}
	l.Ours = l.OurIssues.Newest()
	if err := l.settleKeys(); err != nil {
		return err
	}
	if b, err = l.read("sheet.theirs"); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if l.Theirs, err = party.ParseSheet(b); err != nil {
		return damaged("sheet.theirs", err)
	}
	if l.TheirIssues, err = l.loadIssues("sheet.theirs", l.Theirs); err != nil {
		return err
	}
	l.Theirs = l.TheirIssues.Newest()
	if b, err = l.read("genesis"); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	return l.loadGenesis(b)
}

func (l *Line) loadGenesis(b []byte) error {
	g, err := party.ParseGenesis(b)
	if err != nil {
		return damaged("genesis", err)
	}
	if l.Terms, err = l.read("terms"); err != nil {
		return err
	}
	if err := g.Fits(l.Sheets(), l.Terms); err != nil || !g.Complete() {
		return damaged("genesis", fmt.Errorf("it does not fit the sheets and terms beside it: %w", err))
	}
	tag, err := l.secret("tag.key")
	if err != nil {
		return err
	}
	h, err := wire.ParseHash(strings.TrimSuffix(string(tag), "\n"))
	if err != nil || wire.Sum(h[:]) != g.Tag {
		return damaged("tag.key", errors.New("it is not the key that the genesis names"))
	}
	l.Genesis, l.TagKey = g, h
	return nil
}

// SetTheirs enters the other party's sheet, on a line in service its next issue; seen says that a person has compared its
// digits.
//
// SPEC: CLI-006 SHT-009
func (l *Line) SetTheirs(note []byte, seen bool) error {
	s, err := party.ParseSheet(note)
	switch {
	case err != nil:
		return hint.New("ask the other party for its sheet again: parley sheet > FILE", "%v", err)
	case s.Party == l.Ours.Party || s.PartyKey.Equal(l.Ours.PartyKey):
		return hint.New("enter the other party's; give them yours", "this is your own sheet")
	case l.Genesis != nil && (s.Party != l.Theirs.Party || s.Hash == l.Theirs.Hash):
		return hint.New("a new line: parley init --line NAME", "this line is paired already")
	case l.Config.Other != "" && s.Party != l.Config.Other:
		return hint.New("ask the other party for its own sheet; or write its name as other in config.toml", "this line is one with %s, and the sheet is of %s", l.Config.Other, s.Party)
	case l.Genesis != nil && (!s.SameKeys(l.Theirs) || len(s.Ends) > 0) && !seen:
		return hint.New("have them read over another channel: parley pair FILE --digits …", "this sheet has new keys: its digits must be compared")
	case l.Genesis != nil:
		return l.Take(s)
	case len(s.Ends) > 0: // every export would carry it, and hold no more
		return hint.New("ask the other party for one without it; once the line is paired a key is ended by: parley key revoke", "this sheet ends a sign key, and the line has no log yet that it could name")
	case l.Alone != nil && s.Party != l.Alone.Genesis.Parties[1].Party: // SPEC: ALN-014
		return hint.New("with another party a line of its own: parley init --line NAME", "this line is one with %s, and the sheet is of %s", l.Alone.Genesis.Parties[1].Party, s.Party)
	}
	if err := l.theyReach(s); err != nil {
		return err
	}
	if l.Theirs != nil && s.Hash != l.Theirs.Hash {
		if err := s.Follows(l.Theirs); err != nil && s.Party == l.Theirs.Party && s.PartyKey.Equal(l.Theirs.PartyKey) {
			return hint.New("ask the other party for its newest sheet", "%v", err)
		}
	}
	l.Theirs, l.TheirIssues = s, Issues{s}
	return l.write("sheet.theirs", note)
}

// theyReach refuses a sheet of theirs with an address at which nobody is found from here.
func (l *Line) theyReach(s *party.Sheet) error {
	if s.Paths == nil {
		return hint.New("ask the other party for its whole sheet: parley sheet > FILE", "the addresses of this sheet are left out")
	}
	for _, p := range s.Paths {
		if err := l.Config.reachable(p); err != nil {
			return hint.New("ask the other party for a sheet with an address that this machine reaches; to try both parties on one machine: parley init --same-machine", "the sheet of %s, path %s: %s cannot be reached from here", s.Party, p.Label, p.Address)
		}
	}
	return nil
}

// NextIssue makes the next issue of our sheet, with the paths of the config as they are now. Only while the
// line is not paired.
//
// SPEC: CLI-007
func (l *Line) NextIssue() error {
	if l.Genesis != nil {
		return hint.New("change an address: parley path set; the keys: parley key rotate", "this line is paired already")
	}
	if l.Keys.Party == nil {
		return hint.New("put it back as party.key; it is sealed once the line is paired", "the party key is not in this home")
	}
	s, err := l.Config.sheet(l.Keys, l.Ours)
	if err != nil {
		return err
	}
	l.Ours, l.OurIssues = s, Issues{s}
	return l.write("sheet.ours", s.Note)
}

// SetGenesis keeps the genesis that both have signed, its terms and the handshake's key.
func (l *Line) SetGenesis(note, terms []byte, tagKey [32]byte) error {
	g, err := party.ParseGenesis(note)
	if err != nil {
		return err
	}
	if err := g.Fits(l.Sheets(), terms); err != nil || !g.Complete() {
		return fmt.Errorf("the genesis is not one of this line that both have signed: %w", errors.Join(err, party.ErrGenesis))
	}
	if err := l.write("terms", terms); err != nil {
		return err
	}
	if err := l.write("tag.key", []byte(wire.Hash(tagKey).String()+"\n")); err != nil {
		return err
	}
	if err := l.write("genesis", note); err != nil {
		return err
	}
	return l.loadGenesis(note)
}

// Remote is where the other party is found on a path of ours: as the config says, by an address or a host name, else as its
// sheet does.
func (l *Line) Remote(p Path) (at netip.AddrPort, host string, err error) {
	if hostPort(p.Remote) {
		return at, p.Remote, nil
	}
	text := p.Remote
	for _, t := range l.Theirs.Paths {
		if text == "" && t.Label == p.Label && t.Kind == p.Kind() {
			text = t.Address
		}
	}
	if text == "" && l.Genesis != nil { // in service each adds and takes away paths by itself: here we are only found
		return at, "", nil
	}
	if at, err = netip.ParseAddrPort(text); err != nil {
		return at, "", hint.New("agree on the labels of the paths, and which are over TCP; or set remote in config.toml", "the other party's sheet has no path %q", p.Label)
	}
	return at, "", nil
}
