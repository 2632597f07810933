// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/internal/alarm"
	"example.org/parley/internal/cert"
	"example.org/parley/internal/control"
	"example.org/parley/internal/home"
	"example.org/parley/internal/link"
	"example.org/parley/internal/node"
	"example.org/parley/internal/view"
	"example.org/parley/wire"
	"example.org/parley/words"
)

// The findings of doctor: as it should be; to be looked at; wrong.
const (
	fine  = "ok"
	look  = "look"
	wrong = "wrong"
)

// finding is what doctor says of one thing.
type finding struct {
	Line  string `json:"line,omitempty"`
	State string `json:"state"` // ok look wrong
	What  string `json:"what"`
	Do    string `json:"do,omitempty"`
}

// doctor looks at everything that it can see of a home, a line at a time, running or not.
type doctor struct {
	*app
	line string
	peer bool // what the other end sees of us is asked too
	out  []finding
}

// doctor says what is wrong with a home and what to do about it.
//
// SPEC: CLI-061
func (a *app) doctor() *cobra.Command {
	peer := false
	c := &cobra.Command{Use: "doctor", Short: "Look at the home, its disk, addresses, paths and alarms, and say what is wrong and what to do.", Args: nargs(0, 0), RunE: func(c *cobra.Command, _ []string) error {
		d := &doctor{app: a, peer: peer}
		d.look(c.Context())
		if err := a.sayNext(d.out, "%s", d.text()); err != nil {
			return err
		}
		for _, f := range d.out {
			if f.State == wrong {
				return exitError(exitRefused)
			}
		}
		return nil
	}}
	c.Flags().BoolVar(&peer, "from-peer", false, "say too what the other party's node sees of us on each path, as it last told ours")
	return c
}

func (d *doctor) say(state, do, what string, args ...any) {
	d.out = append(d.out, finding{d.line, state, fmt.Sprintf(d.tr(what), args...), d.tr(do)})
}

// bad says of an error what and the way out, as the shell would.
func (d *doctor) bad(err error) {
	e := hint.Of(err).In(d.lang, words.Say)
	d.out = append(d.out, finding{d.line, wrong, e.Error(), e.Hint})
}

func (d *doctor) text() string {
	var b bytes.Buffer
	for _, f := range d.out {
		if f.Line != "" {
			f.What = f.Line + ": " + f.What
		}
		fmt.Fprintf(&b, "%-9s %s\n", map[string]string{fine: d.tr("ok"), look: d.tr("LOOK"), wrong: d.tr("WRONG")}[f.State], f.What)
		if f.Do != "" {
			fmt.Fprintf(&b, "          → %s\n", f.Do)
		}
	}
	return b.String()
}

func (d *doctor) look(ctx context.Context) {
	names, err := d.linesMeant()
	if err != nil {
		d.bad(err)
		return
	}
	home, at := d.app.home().Dir, unix.Stat_t{}
	d.disk(home)
	_ = unix.Stat(home, &at) // disk has said it
	_, down := d.node().Do(ctx, names[0], d.lang, act.Status)
	running := !errors.Is(down, control.ErrNotRunning)
	if !running {
		d.say(map[bool]string{true: wrong, false: look}[d.inService(names)], "start it: systemctl start parley, or parley serve", "the node is not running")
	}
	for _, n := range names {
		d.line = n
		dir, own := filepath.Join(home, "lines", n), unix.Stat_t{}
		if err := unix.Stat(dir, &own); err == nil && own.Dev != at.Dev {
			d.disk(dir)
		}
		l, err := d.app.home().Load(n)
		if err != nil {
			d.bad(err)
			continue
		}
		d.say(fine, "", "keys, sheets and configuration")
		d.partyKey(l)
		d.record(l, running)
		if p := l.Config.Backup.Place; p != "" && unix.Access(p, unix.W_OK) != nil {
			d.say(look, "make it, for this account alone: install -d -m 700 DIR", "no backup can be put into %s", p)
		}
		d.addresses(l, running)
		if running {
			d.ask(ctx, l)
		}
	}
}

// inService reports whether some line has been paired, or is alone: then a node should run.
func (d *doctor) inService(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		l, err := d.app.home().Load(n)
		return err != nil || l.Genesis != nil || l.Alone != nil
	})
}

// Free space that is little, and that is too little for anything but the last words of a line.
const (
	little = 128 << 20
	none   = 8 << 20
)

// disk looks at where a directory lies.
func (d *doctor) disk(dir string) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		d.bad(err)
		return
	}
	free := int64(st.Bavail) * st.Bsize
	switch {
	case st.Flags&unix.ST_RDONLY != 0 || errors.Is(unix.Access(dir, unix.W_OK), syscall.EROFS):
		d.say(wrong, "mount it for writing; the node tries again by itself", "the disk of %s cannot be written", dir)
	case free < none:
		d.say(wrong, "make room; the node tries again by itself", "the disk of %s has room for %d MiB only", dir, free>>20)
	case free < little:
		d.say(look, "make room before it is full", "the disk of %s has room for %d MiB only", dir, free>>20)
	default:
		d.say(fine, "", "the disk of %s: %d MiB free", dir, free>>20)
	}
}

// partyKey says of a party key that is elsewhere, and whether something waits for it.
func (d *doctor) partyKey(l *home.Line) {
	if l.Keys.Party != nil {
		return
	}
	d.say(fine, "", "the party key is kept elsewhere")
	if _, err := os.Stat(l.Sealed()); err == nil {
		d.say(wrong, "remove it, once the file that key seal made is at two places", "the party key that was sealed could not be overwritten: %s", l.Sealed())
	}
	if _, err := os.Stat(l.Unsigned()); err == nil {
		d.say(look, "there: parley key sign FILE --key KEY > SIGNED; here: parley key take SIGNED", "%s waits for the party key", l.Unsigned())
	}
}

// record looks for the record of a line that has one.
func (d *doctor) record(l *home.Line, running bool) {
	switch {
	case l.Genesis == nil && l.Alone == nil && l.Theirs == nil:
		d.say(look, "give them yours, parley sheet > FILE, and enter theirs, parley pair FILE", "the sheet of the other party is not here yet")
		return
	case l.Genesis == nil && l.Alone == nil:
		d.say(look, "at both ends: parley serve, then parley confirm", "the pairing with %s is not confirmed", l.Theirs.Party)
		return
	case l.Genesis == nil:
		l = l.Alone
	}
	st, err := os.Stat(l.DB())
	switch {
	case l.Config.Store != "" && err != nil:
		d.say(fine, "", "the record is in PostgreSQL: parley status says whether it is open")
	case err != nil:
		d.say(map[bool]string{true: wrong, false: look}[running], "if the node was in service before, put the record back: parley restore FILE on an empty home; without a backup what the other end holds comes back, private notes and sessions are lost", "%s is not there", l.DB())
	case st.Size() == 0:
		d.say(wrong, "put the record back from a backup; without one what the other end holds comes back, private notes and sessions are lost", "%s is empty", l.DB())
	default:
		d.say(fine, "", "the record: %d MiB", st.Size()>>20)
	}
}

// addresses looks at the addresses of a line: whether this machine has them, and whether they are free for the node.
func (d *doctor) addresses(l *home.Line, running bool) {
	for _, p := range l.Config.Paths {
		find := map[bool]string{false: "find it: ss -lnup; end it, or use another port", true: "find it: ss -lntp; end it, or use another port"}[p.TCP()]
		switch err := link.Listenable(p.Kind(), p.At()); {
		case !here(p.At()):
			d.say(wrong, "bring its interface up, the node tries again every second; or take another, while the node runs: parley path set LABEL --bind IP:PORT", "path %s: this machine has no address %s", p.Label, p.At())
		case d.noRight(err, p.Label, p.At()):
		case err != nil && !running:
			d.say(wrong, find, "path %s: another program has %s", p.Label, p.At())
		}
		if l.Theirs == nil {
			continue
		}
		if _, _, err := l.Remote(p); err != nil {
			d.bad(err)
		}
	}
	if at := l.Config.Page.Listen(); l.Config.Page.At != "" && !running && d.taken("tcp", at) {
		d.say(wrong, "find it: ss -lntp; end it, or write another page in config.toml", "the page: another program has %s", at)
	}
	if at, ok := l.Config.Sound(); ok && !running {
		for _, network := range []string{"udp", "tcp"} {
			if d.taken(network, everywhere(at)) {
				d.say(wrong, "find it: ss -lnutp; end it, or write another edge in config.toml", "the sound of the desks: another program has %s (%s)", everywhere(at), network)
			}
		}
	}
	d.certificate(l, time.Now())
	d.telephones(l, running)
}

// certificate looks at what a page of the house shows: until when, and whether it is made anew. SPEC: PAG-066
func (d *doctor) certificate(l *home.Line, now time.Time) {
	p := &l.Config.Page
	if p.At == "" || p.Loopback() {
		return
	}
	c := cert.Of(d.app.home(), p.Name())
	ends, own, err := c.Stands()
	until, left := ends.UTC().Format("2006-01-02"), ends.Sub(now)
	switch {
	case ends.IsZero():
		d.bad(err)
	case left <= 0:
		d.say(wrong, "parley cert own, or another of the house: parley cert csr", "the certificate of %s ended on %s: no desk of another machine opens", c.Name, until)
	case err != nil:
		e := hint.Of(err).In(d.lang, words.Say)
		d.say(wrong, e.Hint, "the certificate of %s ends on %s, and cannot be renewed: %s", c.Name, until, e.Error())
	case own && left < cert.Renews-24*time.Hour:
		d.say(look, "start the node; if it runs, its log says why: journalctl -u parley", "the certificate of %s ends on %s, and was not renewed", c.Name, until)
	case !own && left < 30*24*time.Hour:
		d.say(look, "ask for another: parley cert csr > FILE, parley cert import FILE", "the certificate of %s ends on %s; the house renews it", c.Name, until)
	default:
		d.say(fine, "", "the certificate of %s: until %s", c.Name, until)
	}
}

// taken reports whether another program has an address; of a port that this account may not have it says so.
func (d *doctor) taken(network, at string) bool {
	err := link.Listenable(network, at)
	return err != nil && !d.noRight(err, "", at)
}

// noRight says that this account may not have a port, and for which path, where that is what is wrong.
func (d *doctor) noRight(err error, path, at string) bool {
	if !errors.Is(err, syscall.EACCES) {
		return false
	}
	way := hint.Of(node.NoRight(at)).Hint
	if path == "" {
		d.say(look, way, "this account may not listen at %s; the service may, if it was given the right", at)
	} else {
		d.say(look, way, "path %s: this account may not listen at %s; the service may, if it was given the right", path, at)
	}
	return true
}

// telephones looks at the trunk: its address here, and its password.
func (d *doctor) telephones(l *home.Line, running bool) {
	p := &l.Config.Phone
	if p.Trunk == "" {
		return
	}
	_, how, _ := p.Peer()
	switch network := map[bool]string{true: "udp", false: "tcp"}[how == "udp"]; {
	case !here(p.Bind):
		d.say(wrong, "write another bind under [phone] in config.toml: doc/telephones.md", "telephones: this machine has no address %s", p.Bind)
	case !running && d.taken(network, p.Bind):
		d.say(wrong, "write another bind under [phone] in config.toml: doc/telephones.md", "telephones: another program has %s", p.Bind)
	}
	if _, err := l.PhoneSecret(); err != nil {
		d.bad(err)
	}
	switch _, ours, err := l.PhoneTLS(); {
	case how != "tls":
	case err != nil:
		d.bad(err)
	case ours == nil:
		d.say(look, "put a certificate for this address beside config.toml, phone.crt and phone.key; nothing, where the PBX opens no connection itself", "telephones: no connection that the PBX opens over TLS is taken: phone.crt is not there")
	}
}

// ask looks at a line through its node.
func (d *doctor) ask(ctx context.Context, l *home.Line) {
	r, err := d.node().Do(ctx, l.Name, d.lang, act.Status)
	if err != nil {
		d.bad(err)
		return
	}
	var v view.Desk
	if b, ok := r.Data.(json.RawMessage); !ok || l.Genesis == nil || json.Unmarshal(b, &v) != nil {
		return // it is being paired
	}
	if v.NoPage != "" {
		d.out = append(d.out, finding{d.line, wrong, v.NoPage, words.Say(d.lang, "it is tried again by itself")})
	}
	if !v.UnrecordedHere.IsZero() { // whoever asks for a copy is told why there is none, with the file and the way out
		if _, err := d.node().Do(ctx, l.Name, d.lang, act.Backup{}); err != nil {
			d.bad(err)
			if e := hint.Of(err); e.Cause != "" {
				d.out[len(d.out)-1].What += ": " + e.Cause
			}
		}
	}
	heard := false
	for _, p := range v.Liveness.Paths {
		heard = heard || p.WeHear
	}
	for i, p := range v.Liveness.Paths {
		if i < len(l.Config.Paths) {
			d.path(l, i, p, heard, v.AsOf)
			if d.peer {
				d.fromPeer(l.Config.Paths[i].Label, p, v.AsOf)
			}
		}
	}
	for _, al := range v.Alarms {
		if al.State != alarm.Returned && al.ID != "A11" && al.ID != "A1" { // of paths all has been said
			d.out = append(d.out, finding{d.line, look, al.ID + " " + al.Cause, al.Do})
		}
	}
}

// freshKnock is how new a greeting must be to say that what they send arrives: they dial every 3 s.
const freshKnock = 15 * time.Second

// path says of a path in which direction it is blocked, and what to ask the owner of the firewall.
func (d *doctor) path(l *home.Line, i int, p wire.PathState, heard bool, now time.Time) {
	var row port
	for _, r := range portsOf(l) {
		if r.Path == l.Config.Paths[i].Label {
			row = r
		}
	}
	ask := d.askFirewall(row)
	switch {
	case p.WeHear && p.TheyHear && (p.NarrowOut || p.NarrowIn):
		ways := [][2]string{{row.Here, row.There}, {row.There, row.Here}}
		for i, narrow := range []bool{p.NarrowOut, p.NarrowIn} {
			if narrow {
				d.say(wrong, ask, "path %s: small packets pass, and those of full size from %s to %s do not: bulk and long messages wait for another path. A tunnel or a link on the way carries less than 1,228 bytes (1,248 with IPv6), and says so to nobody", row.Path, ways[i][0], ways[i][1])
			}
		}
	case p.WeHear && p.TheyHear:
		d.say(fine, "", "path %s: open in both directions", row.Path)
	case p.WeHear, p.Knocked.After(p.Since) && now.Sub(p.Knocked) < freshKnock:
		d.say(wrong, ask, "path %s: what they send arrives; what we send does not: %s from %s to %s is blocked", row.Path, row.Protocol, row.Here, row.There)
	case p.TheyHear:
		d.say(wrong, ask, "path %s: what we send arrives; what they send does not: %s from %s to %s is blocked", row.Path, row.Protocol, row.There, row.Here)
	case heard:
		d.say(wrong, ask, "path %s: nothing of theirs arrives, and their node runs: %s from %s to %s is blocked, perhaps the other way too", row.Path, row.Protocol, row.There, row.Here)
	default:
		d.say(wrong, ask, "path %s: nothing of theirs arrives: their node does not run, or %s from %s to %s is blocked", row.Path, row.Protocol, row.There, row.Here)
	}
	if p.Reason != "" && !p.WeHear {
		d.out[len(d.out)-1].What += " (" + p.Reason + ")"
	}
}

// fromPeer says what the other end sees of a path, by its own word. SPEC: CLI-064
func (d *doctor) fromPeer(label string, p wire.PathState, now time.Time) {
	s := p.They
	if s == nil || now.Sub(s.At) > time.Minute {
		d.say(look, "ask its technician by telephone to run: parley doctor", "path %s, from their end: their node has said nothing of it for a minute", label)
		return
	}
	ago := now.Sub(s.At).Round(time.Second)
	switch {
	case s.Deaf:
		d.say(wrong, "their technician: parley doctor, there", "path %s, from their end: their node cannot listen at its own address, %v ago", label, ago)
	case s.Hears:
		d.say(fine, "", "path %s, from their end: they hear us, at %s, %v ago", label, s.From, ago)
	case s.Knocked < freshKnock:
		d.say(wrong, "", "path %s, from their end: our greetings arrive, and nothing of theirs came back to us, %v ago", label, ago)
	default:
		d.say(wrong, "", "path %s, from their end: nothing of ours arrives, %v ago", label, ago)
	}
}
