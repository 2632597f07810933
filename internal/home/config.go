// SPDX-License-Identifier: Apache-2.0

package home

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/BurntSushi/toml"

	"example.org/parley/hint"
	"example.org/parley/party"
	"example.org/parley/wire"
)

// Config is a line's config.toml. Nothing in it is secret; what trusting a knob means stands beside it.
type Config struct {
	// Party is our name. It stands in the sheet and cannot be changed once that is out.
	Party string `toml:"party"`
	// Other is the other party's name, where it is known before its sheet: a sheet of anybody else is refused.
	Other string `toml:"other,omitempty"`
	// Station names this machine's logs, where a party has several.
	Station string `toml:"station"`
	// Page is where the desks' page is asked: on loopback, or over TLS under a name.
	Page Page `toml:"page"`
	// Edge is the address of the browsers' sound, by UDP and TCP: loopback, or beside a page over TLS an address of this
	// machine. Beside such a page loopback names its port alone: the sound is where the page is.
	Edge string `toml:"edge"`
	// Phone is the trunk to the house's PBX, where telephones are desks of the line.
	Phone Phone `toml:"phone,omitempty"`
	// Notifier says that parley notify is to run beside the node: it is an alarm while it does not.
	Notifier bool `toml:"notifier,omitempty"`
	// Demo labels the line: its counterparts and checks were seeded by a demo.
	Demo bool `toml:"demo,omitempty"`
	// SameMachine says that both parties run on this machine (try, demo): loopback addresses may stand on the sheets.
	SameMachine bool `toml:"same_machine,omitempty"`
	// Store is the URL of a PostgreSQL that keeps the record in place of a file: postgres://USER@HOST/DATABASE?sslmode=verify-full.
	// It holds no password: that stands in the file that passfile= names, or ~/.pgpass.
	Store string `toml:"store,omitempty"`
	// Paths are the routes to the other party, two at least where voice must survive a cut.
	Paths []Path `toml:"path"`
	// AskAddresses says that new addresses of the other party wait for a person here, as its new keys do.
	AskAddresses bool `toml:"ask_addresses,omitempty"`
	// Backup says how old the newest backup of the line may be before it is an alarm (7d unless set; 12h, never), the
	// directory of those that are given no name, and how many of them stay there (all unless set). Whoever reads a backup has
	// the keys.
	Backup struct {
		Every string `toml:"every,omitempty"`
		Place string `toml:"place,omitempty"`
		Keep  int    `toml:"keep,omitzero"`
	} `toml:"backup,omitempty"`
	// Recording is for calls that the parties have agreed to record: To, a key of age (age1…) to which the files are encrypted,
	// whose other half is kept off this machine; and for how many days they are kept (30 unless set).
	Recording struct {
		To       string `toml:"to,omitempty"`
		KeepDays int    `toml:"keep_days,omitzero"`
	} `toml:"recording,omitempty"`
	// Terms are what we propose when it is we who write the genesis. Afterwards the genesis binds, not this.
	Terms party.Terms `toml:"terms"`
}

// Path is one route.
type Path struct {
	// Label is agreed with the other party: the same word at both ends.
	Label string `toml:"label"`
	// Bind is our local address, IP:port over UDP, tcp:IP:port for the same session over TLS on TCP, as at the other end.
	Bind string `toml:"bind"`
	// Reach stands on our sheet: where the other party finds this path. Bind, where it is empty.
	Reach string `toml:"reach,omitempty"`
	// Remote overrides the address on their sheet: IP:port, or a host name and port, looked up anew whenever the path fails.
	// It is only an address: their keys are pinned all the same.
	Remote string `toml:"remote,omitempty"`
}

// At is our local address, and TCP whether the path is over TCP there. SPEC: LNK-045
func (p Path) At() string { return strings.TrimPrefix(p.Bind, "tcp:") }
func (p Path) TCP() bool  { return p.At() != p.Bind }

// Kind is what a path runs over, "udp" or "tcp", as its sheet says it.
func (p Path) Kind() string {
	if p.TCP() {
		return "tcp"
	}
	return "udp"
}

// Sound is where the browsers' sound comes in; where it is not loopback and is not specified, at every address of this
// machine. There is none where the config says none. SPEC: VOX-040
func (c *Config) Sound() (at netip.AddrPort, ok bool) {
	at, err := netip.ParseAddrPort(c.Edge) // was checked
	if err != nil || c.Page.At == "" || c.Page.Loopback() || !at.Addr().IsLoopback() {
		return at, err == nil
	}
	host := netip.IPv6Unspecified()
	if page, err := netip.ParseAddrPort(c.Page.Bind); err == nil {
		host = page.Addr()
	}
	return netip.AddrPortFrom(host, at.Port()), true
}

// DefaultConfig works on one machine alone: everything on loopback, at ports of its own for the n-th line of a home.
func DefaultConfig(name string, n int) Config {
	at := func(port int) string { return fmt.Sprintf("127.0.0.1:%d", port+10*n) }
	return Config{Party: name, Station: "main", SameMachine: true, Page: Page{At: at(7480)}, Edge: at(7481), Terms: party.DefaultTerms(),
		Paths: []Path{{Label: "1", Bind: at(7443)}}}
}

func bad(way, format string, a ...any) error {
	return hint.New(way, "config: %v", hint.New("", format, a...))
}

// Check validates the whole once. SPEC: CLI-004
func (c *Config) Check() error {
	if !wire.ValidName(c.Party) {
		return bad("a letter, then letters, digits or -, 16 at most, all small", "%q cannot name a party", c.Party)
	}
	if c.Other != "" && (!wire.ValidName(c.Other) || c.Other == c.Party) {
		return bad("the name of the other party as it names itself, not your own", "%q cannot name the other party", c.Other)
	}
	if !wire.ValidName(c.Station) {
		return bad(`station = "main"`, "%q cannot name a station", c.Station)
	}
	if err := c.Page.check(); err != nil {
		return err
	}
	switch a, err := netip.ParseAddrPort(c.Edge); {
	case c.Edge == "":
	case err != nil || a.Port() == 0 || a.Addr().IsUnspecified():
		return bad(`edge = "127.0.0.1:7481", or an address of this machine`, "edge %q is not an IP address and a port", c.Edge)
	case !a.Addr().IsLoopback() && (c.Page.At == "" || c.Page.Loopback()):
		return bad(`127.0.0.1:7481; or a page over TLS: [page] at = "line.ops.example:8443"`, "edge %q: a page on loopback has its sound on loopback", c.Edge)
	}
	if err := c.Phone.check(); err != nil {
		return err
	}
	if len(c.Paths) == 0 || len(c.Paths) > 8 {
		return bad("--path LABEL=IP:PORT", "%d paths: a line has one to eight", len(c.Paths))
	}
	labels := map[string]bool{}
	for _, p := range c.Paths {
		if labels[p.Label] || p.Label == "" || !wire.ValidName("x"+p.Label) {
			return bad("labels are agreed with the other party: 1, 2, sat", "the path's label %q is empty, twice or not plain", p.Label)
		}
		labels[p.Label] = true
		for what, s := range map[string]string{"bind": p.Bind, "reach": p.Reach, "remote": p.Remote} {
			if what == "bind" {
				s = p.At()
			}
			a, err := netip.ParseAddrPort(s)
			if what == "remote" && hostPort(s) {
				continue
			}
			if (s != "" || what == "bind") && (err != nil || a.Port() == 0) {
				return bad("an IP address and a port: 192.0.2.1:7443, [2001:db8::1]:7443; over TCP, of bind alone: tcp:192.0.2.1:443", "%s of path %s: %q", what, p.Label, s)
			}
		}
	}
	for _, p := range c.sheetPaths() {
		if err := c.reachable(p); err != nil {
			return err
		}
	}
	if u, err := url.Parse(c.Store); c.Store != "" && (err != nil || u.Scheme != "postgres") {
		return bad(`store = "postgres://parley@db.example/parley?sslmode=verify-full"`, "store is not the URL of a PostgreSQL")
	} else if c.Store != "" {
		if _, has := u.User.Password(); has || u.Query().Has("password") {
			return bad("put it into a file that only the node's account reads, as host:port:database:user:password, and name that: passfile=/etc/parley/pgpass", "store has a password in it")
		}
	}
	if _, err := backupEvery(c.Backup.Every); err != nil {
		return bad(`every = "7d", "12h" or "never"`, "backup every %q", c.Backup.Every)
	}
	if p := c.Backup.Place; p != "" && !filepath.IsAbs(p) {
		return bad(`place = "/srv/backup"`, "the place of backups %q is not a whole path", p)
	}
	if c.Backup.Keep < 0 {
		return bad("keep = 14, or none of it to keep all", "[backup] keep %d", c.Backup.Keep)
	}
	if _, err := c.RecordTo(); err != nil {
		return bad(`to = "age1…", as age-keygen prints it; the other half belongs on another machine`, "[recording] to %q is no public key of age", c.Recording.To)
	}
	if d := c.Recording.KeepDays; d < 0 || d > 36500 {
		return bad("keep_days = 30", "[recording] keep_days %d", d)
	}
	if _, err := c.Terms.Encode([32]byte{}); err != nil {
		return bad("see [terms] in config.toml", "%v", err)
	}
	return nil
}

// hostName is a name of DNS: labels of letters, digits and -, the last not of digits alone, which would be an address.
var hostName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

// hostPort reports whether s is a host name with a port.
func hostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	n, err2 := strconv.ParseUint(port, 10, 16)
	return err == nil && err2 == nil && n > 0 && len(host) <= 253 && hostName.MatchString(host)
}

// BackupEvery is how old the newest backup may be, 0 where that does not matter: so it is where both parties try the line
// on one machine and say nothing else.
//
// SPEC: BAK-005
func (c *Config) BackupEvery() time.Duration {
	if c.Backup.Every == "" && (c.SameMachine || c.Demo) {
		return 0
	}
	d, _ := backupEvery(c.Backup.Every) // was checked
	return d
}

// RecordTo is the key to which recordings are encrypted, nil where they are not. SPEC: RCD-007
func (c *Config) RecordTo() (age.Recipient, error) {
	if c.Recording.To == "" {
		return nil, nil
	}
	return age.ParseX25519Recipient(c.Recording.To)
}

func backupEvery(s string) (time.Duration, error) {
	days, inDays := strings.CutSuffix(cmp.Or(s, "7d"), "d")
	if s == "never" {
		return 0, nil
	}
	if inDays {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > 3650 {
			return 0, errors.New("not a number of days")
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err == nil && d <= 0 {
		err = errors.New("no time")
	}
	return d, err
}

// sheetPaths are the paths as they stand on our sheet.
func (c *Config) sheetPaths() (ps []party.SheetPath) {
	for _, p := range c.Paths {
		ps = append(ps, party.SheetPath{Label: p.Label, Kind: p.Kind(), Address: cmp.Or(p.Reach, p.At())})
	}
	return ps
}

// reachable refuses a sheet's address at which another machine finds nobody.
//
// SPEC: CLI-008
func (c *Config) reachable(p party.SheetPath) error {
	a, err := netip.ParseAddrPort(p.Address)
	if ip := a.Addr().Unmap(); err != nil || ip.IsUnspecified() || ip.IsMulticast() || ip.IsLinkLocalUnicast() || ip.IsLoopback() && !c.SameMachine {
		return hint.New("an address that their machine reaches: --path 1=192.0.2.1:7443, or 1=LOCAL@REACHED-AT; to try both parties on one machine: --same-machine", "path %s: the other party cannot reach %s", p.Label, p.Address)
	}
	return nil
}

// sheet makes the issue of our sheet that follows before, or the first.
func (c *Config) sheet(k party.Keys, before *party.Sheet) (*party.Sheet, error) {
	s := &party.Sheet{Party: c.Party, Issue: 1, Sign: party.Public(k.Sign), Link: party.Public(k.Link)}
	if before != nil {
		s.Issue, s.Before = before.Issue+1, before.Hash
	}
	s.Paths = c.sheetPaths()
	return s, s.SignSheet(k.Party)
}

const configHead = `# Parley: one line of one party. Read when the node starts.
# Nothing here is secret. The keys beside it are: 0600, or the node refuses them.
# [[path]] label is agreed with the other party; bind is ours, tcp:IP:PORT where UDP is blocked; reach stands on our sheet;
# remote overrides the address on theirs. [page] at is a loopback address, or a name and port that the house's
# browsers ask over TLS (parley cert own, or parley cert csr); edge is the address of their sound, by UDP and TCP:
# beside a page of the house loopback says its port alone, the sound is then where the page is.
# [phone] joins the house's telephones: trunk, bind, and [[phone.extension]] number, post (doc/telephones.md).
# [recording] to = "age1…" encrypts the recordings of calls to a key kept elsewhere; keep_days = 30 (doc/operate.md).
# [terms] is what we propose if it is we who write the genesis.

`

func (c *Config) encode() []byte {
	var b bytes.Buffer
	b.WriteString(configHead)
	_ = toml.NewEncoder(&b).Encode(c) // a buffer and a plain struct: cannot fail
	return b.Bytes()
}

// DecodeConfig reads config.toml; an unknown key is refused, a slip must not be silently ignored.
func DecodeConfig(b []byte) (Config, error) {
	var c Config
	md, err := toml.Decode(string(b), &c)
	if err != nil {
		return c, bad("see the comments at its top", "%v", err)
	}
	if un := md.Undecoded(); len(un) > 0 {
		var keys []string
		for _, k := range un {
			keys = append(keys, k.String())
		}
		return c, bad("a slip of the pen?", "unknown: %s", strings.Join(keys, ", "))
	}
	return c, c.Check()
}
