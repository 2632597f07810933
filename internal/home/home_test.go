// SPDX-License-Identifier: Apache-2.0

package home

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"example.org/parley/hint"
	"example.org/parley/party"
)

func pair(t *testing.T) (a, b *Line) {
	t.Helper()
	mk := func(name, ip string) *Line {
		c := DefaultConfig(name, 0)
		c.Paths = []Path{{Label: "1", Bind: ip + ":7443"}, {Label: "2", Bind: "127.0.0.9:7443"}}
		l, err := Home{t.TempDir()}.Init("north", c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	a, b = mk("aurelia", "127.0.0.1"), mk("borealia", "127.0.0.2")
	if err := a.SetTheirs(b.Ours.Note, false); err != nil {
		t.Fatal(err)
	}
	if err := b.SetTheirs(a.Ours.Note, false); err != nil {
		t.Fatal(err)
	}
	if !a.IsPartyA() {
		a, b = b, a
	}
	return a, b
}

func refused(t *testing.T, err error, want string) {
	t.Helper()
	var e *hint.Error
	if !errors.As(err, &e) || !strings.Contains(e.What, want) || e.Hint == "" {
		t.Fatalf("want a refusal with %q and a hint, got %v", want, err)
	}
}

// SPEC: CLI-001 CLI-002
func TestLineIsLoadedAsItWasMade(t *testing.T) {
	h := Home{t.TempDir()}
	l, err := h.Init("north", DefaultConfig("aurelia", 0), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"party.key", "sign.key", "link.key", "config.toml", "sheet.ours"} {
		st, err := os.Stat(filepath.Join(l.Dir, f))
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f, st, err)
		}
	}
	again, err := h.Load("north")
	if err != nil || again.Ours.Hash != l.Ours.Hash || again.Config.Party != "aurelia" {
		t.Fatal(err)
	}
	_, err = h.Init("north", DefaultConfig("aurelia", 0), rand.Reader)
	refused(t, err, "already here")
	_, err = h.Init("No", DefaultConfig("aurelia", 0), rand.Reader)
	refused(t, err, "cannot name a line")
	if n, _ := h.Lines(); len(n) != 1 {
		t.Fatal("leftovers of init:", n)
	}
}

// A path's far end may be a host name.
//
// SPEC: LNK-025
func TestRemoteIsAnAddressOrAName(t *testing.T) {
	for remote, ok := range map[string]bool{
		"192.0.2.7:7443": true, "[2001:db8::7]:7443": true, "line.ops.example:7443": true, "line:7443": true,
		"line.ops.example": false, "line.ops.example:0": false, "line.ops.example:x": false, "-line:7443": false, "192.0.2:7443": false, "a b:7443": false, ":7443": false,
	} {
		c := DefaultConfig("aurelia", 0)
		c.Paths[0].Remote = remote
		if err := c.Check(); (err == nil) != ok {
			t.Errorf("%q: %v", remote, err)
		}
	}
}

// SPEC: CLI-003
func TestKeysThatOthersMayReadAreRefused(t *testing.T) {
	h := Home{t.TempDir()}
	l, err := h.Init("north", DefaultConfig("aurelia", 0), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"party.key", "sign.key", "link.key"} {
		p := filepath.Join(l.Dir, f)
		if err := os.Chmod(p, 0o640); err != nil {
			t.Fatal(err)
		}
		_, err = h.Load("north")
		refused(t, err, "others may have read it")
		if err := os.Chmod(p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(l.Dir, "sign.key"), party.EncodeSecret("sign", l.Keys.Link), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = h.Load("north")
	refused(t, err, "does not name the keys")
}

// SPEC: CLI-004
func TestConfigIsRefusedWithWhatIsWrong(t *testing.T) {
	good := DefaultConfig("aurelia", 0)
	if _, err := DecodeConfig(good.encode()); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Config){
		"party":    func(c *Config) { c.Party = "Aurelia" },
		"station":  func(c *Config) { c.Station = "" },
		"page":     func(c *Config) { c.Page.At = "0.0.0.0:80" },
		"edge":     func(c *Config) { c.Edge = "192.0.2.1:80" },
		"0 paths":  func(c *Config) { c.Paths = nil },
		"label":    func(c *Config) { c.Paths = append(c.Paths, c.Paths[0]) },
		"bind":     func(c *Config) { c.Paths[0].Bind = "localhost:1" },
		"purpose":  func(c *Config) { c.Terms.Purpose = nil },
		"checks a": func(c *Config) { c.Terms.Schedule.Checks = nil },
	} {
		c := DefaultConfig("aurelia", 0)
		change(&c)
		_, err := DecodeConfig(c.encode())
		refused(t, err, want)
	}
	_, err := DecodeConfig(append(good.encode(), "\n[bogus]\nx = 1\n"...))
	refused(t, err, "unknown")
}

// SPEC: PHN-070
func TestPhoneIsRefusedWithWhatIsWrong(t *testing.T) {
	decode := func(lines ...string) (Config, error) {
		c := DefaultConfig("aurelia", 0)
		b := strings.Replace(string(c.encode()), "[phone]\n", "[phone]\n"+strings.Join(lines, "\n")+"\n", 1)
		return DecodeConfig([]byte(b))
	}
	trunk, bind, one := `trunk = "sip:192.0.2.20"`, `bind = "192.0.2.10:5060"`, "[[phone.extension]]\nnumber = \"201\""
	c, err := decode(trunk, bind, one, `post = "Duty officer"`)
	if err != nil || c.Phone.Desk(0) != "extension 201, Duty officer" {
		t.Fatal(c.Phone, err)
	}
	for text, want := range map[string]string{"sip:192.0.2.20": "192.0.2.20:5060 udp", "sip:192.0.2.20:5070;transport=tcp": "192.0.2.20:5070 tcp", "sips:192.0.2.20": "192.0.2.20:5061 tls", "sip:192.0.2.20;transport=tls": "192.0.2.20:5061 tls", "sips:192.0.2.20;transport=tcp": "192.0.2.20:5061 tls", "sips:[2001:db8::1]:5070": "[2001:db8::1]:5070 tls", "sip:[2001:db8::1]": "[2001:db8::1]:5060 udp", "sip:[2001:db8::1]:5061": "[2001:db8::1]:5061 udp"} {
		p := Phone{Trunk: text}
		at, how, err := p.Peer()
		if got := at.String() + " " + how; err != nil || got != want {
			t.Errorf("%s: %s %v", text, got, err)
		}
	}
	for _, text := range []string{"192.0.2.20", "sip:192.0.2.20;tls", "sip:192.0.2.20;udp", "sip:192.0.2.20;transport=ws", "sips:192.0.2.20;transport=udp"} {
		_, err := decode(fmt.Sprintf("trunk = %q", text), bind, one)
		refused(t, err, "not the IP address of a PBX")
	}
	for want, lines := range map[string][]string{
		"no trunk":     {bind, one},
		"trunk":        {`trunk = "sip:pbx.example"`, bind, one},
		"bind":         {trunk, `bind = "0.0.0.0:5060"`, one},
		"media":        {trunk, bind, "media = 16385", one},
		"account":      {trunk, bind, `account = "a b"`, one},
		"over TLS":     {trunk, bind, "srtp = true", one},
		"stands":       {`trunk = "sips:192.0.2.20"`, bind, `ca = "/etc/pbx.pem"`, one},
		"digest":       {trunk, bind, `digest = "SHA-1"`, one},
		"prompt":       {trunk, bind, `prompt = "English"`, one},
		"0 extensions": {trunk, bind},
		"is none":      {trunk, bind, "[[phone.extension]]\nnumber = \"2 1\""},
		"the account":  {trunk, bind, `account = "201"`, one},
		"twice":        {trunk, bind, one, one},
		"too long":     {trunk, bind, one, `post = "Second deputy of the duty officer"`},
	} {
		_, err := decode(lines...)
		refused(t, err, want)
	}
	l := &Line{Dir: t.TempDir()}
	if s, err := l.PhoneSecret(); s != "" || err != nil {
		t.Error("a fixed peer needs no password:", err)
	}
	l.Config.Phone.Account = "parley"
	if _, err := l.PhoneSecret(); err == nil || !strings.Contains(hint.Of(err).Hint, "write it there") {
		t.Errorf("no password: %v", err)
	}
	path := filepath.Join(l.Dir, "phone.secret")
	if err := os.WriteFile(path, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := l.PhoneSecret(); s != "secret" || err != nil {
		t.Errorf("%q %v", s, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := l.PhoneSecret(); err == nil {
		t.Error("a password that others may read is taken")
	}
}

// SPEC: PAG-060
func TestPageIsOfThisMachineOrOfAName(t *testing.T) {
	of := func(at, bind, edge string) error {
		c := DefaultConfig("aurelia", 0)
		c.Page, c.Edge = Page{at, bind}, edge
		d, err := DecodeConfig(c.encode())
		if err == nil && d.Page != c.Page {
			t.Errorf("%+v is read as %+v", c.Page, d.Page)
		}
		return err
	}
	for _, c := range []struct{ at, bind, edge, want string }{
		{"192.0.2.1:8443", "", "", "not to an IP address"}, {"[2001:db8::1]:8443", "", "", "not to an IP address"}, {"0.0.0.0:80", "", "", "not to an IP address"},
		{"line.ops.example", "", "", "not a name and a port"}, {"line.ops.example:0", "", "", "not a name and a port"}, {"line.ops.example:99999", "", "", "not a name and a port"},
		{"Line.ops.example:8443", "", "", "make a name"}, {"line..example:8443", "", "", "make a name"}, {"zürich.example:8443", "", "", "make a name"}, {"-x.example:1", "", "", "make a name"},
		{"line.ops.example:8443", "line:8443", "", "bind"}, {"127.0.0.1:7480", "192.0.2.1:7480", "", "bind"},
		{"127.0.0.1:7480", "", "192.0.2.1:7481", "sound on loopback"}, {"line.ops.example:8443", "", "0.0.0.0:7481", "edge"},
	} {
		refused(t, of(c.at, c.bind, c.edge), c.want)
	}
	for _, c := range []struct{ at, bind, edge, listen, first string }{
		{"127.0.0.1:7480", "", "127.0.0.1:7481", "127.0.0.1:7480", "aurelia.localhost:7480"},
		{"line.localhost:7480", "", "127.0.0.1:7481", "127.0.0.1:7480", "line.localhost:7480"},
		{"line.ops.example:8443", "", "192.0.2.1:7481", ":8443", "line.ops.example:8443"},
		{"line.ops.example:443", "192.0.2.1:443", "192.0.2.1:7481", "192.0.2.1:443", "line.ops.example"},
	} {
		p := Page{c.at, c.bind}
		if err := of(c.at, c.bind, c.edge); err != nil || p.Listen() != c.listen || p.Hosts("aurelia")[0] != c.first {
			t.Errorf("%+v: %v, listens on %s, is %v", p, err, p.Listen(), p.Hosts("aurelia"))
		}
	}
	for _, x := range []struct{ at, bind, edge, want string }{ // SPEC: VOX-040
		{"127.0.0.1:7480", "", "127.0.0.1:7481", "127.0.0.1:7481"}, {"line.ops.example:8443", "", "127.0.0.1:7481", "[::]:7481"},
		{"line.ops.example:8443", "192.0.2.1:8443", "127.0.0.1:7481", "192.0.2.1:7481"}, {"line.ops.example:8443", "", "192.0.2.2:9000", "192.0.2.2:9000"},
	} {
		c := Config{Page: Page{x.at, x.bind}, Edge: x.edge}
		if at, ok := c.Sound(); !ok || at.String() != x.want {
			t.Errorf("%+v: the sound is at %v", x, at)
		}
	}
	if at, ok := (&Config{}).Sound(); ok {
		t.Error("no edge, and sound at", at)
	}
	good := DefaultConfig("aurelia", 0)
	text := strings.Replace(string(good.encode()), "[page]\n  at = \"127.0.0.1:7480\"\n", "", 1)
	c, err := DecodeConfig([]byte("page = \"127.0.0.1:7490\"\n" + text))
	if err != nil || c.Page.At != "127.0.0.1:7490" {
		t.Error("a page written as a text:", c.Page, err)
	}
	_, err = DecodeConfig([]byte("page = {at = \"127.0.0.1:7490\", port = 3}\n" + text))
	refused(t, err, "port")
}

// SPEC: CLI-005
func TestPickTakesTheOnlyLine(t *testing.T) {
	h := Home{t.TempDir()}
	_, err := h.Pick("")
	refused(t, err, "no home")
	for i, n := range []string{"north", "south"} {
		if _, err := h.Init(n, DefaultConfig("aurelia", 0), rand.Reader); err != nil {
			t.Fatal(err)
		}
		got, err := h.Pick("")
		if i == 0 && (err != nil || got != "north") {
			t.Fatal(got, err)
		}
		if i == 1 {
			refused(t, err, "several lines")
		}
	}
	_, err = h.Pick("east")
	refused(t, err, "no line")
}

// SPEC: CLI-006 CLI-007
func TestSheetsAndGenesisAreKeptOnlyWhereTheyFit(t *testing.T) {
	a, b := pair(t)
	refused(t, a.SetTheirs(a.Ours.Note, false), "your own sheet")
	refused(t, a.SetTheirs([]byte("hello"), false), "not a sheet")
	if party.PairingTag(a.Sheets()) != party.PairingTag(b.Sheets()) {
		t.Fatal("two tags while pairing")
	}
	for _, nowhere := range []string{"0.0.0.0:7443", "[::]:7443", "[fe80::1]:7443", "224.0.0.1:7443", "127.0.0.1:7443"} {
		c := b.Config
		c.Paths = []Path{{Label: "1", Bind: "127.0.0.2:7443", Reach: nowhere}}
		their, err := c.sheet(b.Keys, nil)
		if err != nil {
			t.Fatal(err)
		}
		same := a.Config.SameMachine
		a.Config.SameMachine = false
		refused(t, a.SetTheirs(their.Note, false), nowhere+" cannot be reached from here")
		a.Config.SameMachine = same
	}
	ends := *b.Ours // an end of a key, past a log of a line that is not this one
	ends.Issue, ends.Before = 2, b.Ours.Hash
	ends.Ends = []party.KeyEnd{{Key: b.Ours.Sign, Log: ends.Party + "/" + b.Ours.Hash.Name() + "/1.bbbbbb", Size: 1}}
	if err := ends.SignSheet(b.Keys.Party); err != nil {
		t.Fatal(err)
	}
	refused(t, a.SetTheirs(ends.Note, false), "ends a sign key")
	for i, p := range a.Config.Paths {
		if at, _, err := a.Remote(p); err != nil || at.String() != b.Config.Paths[i].Bind {
			t.Fatal(at, err)
		}
	}
	_, _, err := a.Remote(Path{Label: "sat"})
	refused(t, err, "has no path")
	old := a.Ours
	if err := a.NextIssue(); err != nil || a.Ours.Issue != 2 || b.SetTheirs(a.Ours.Note, false) != nil {
		t.Fatal("the next issue is refused:", err)
	}
	refused(t, b.SetTheirs(old.Note, false), "does not follow")
	terms, _ := a.Config.Terms.Encode([32]byte{7})
	g, err := party.NewGenesis("north", a.Sheets(), [2][32]byte{{1}, {2}}, [32]byte{3}, terms)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.SignNext(a.Keys.Sign); err != nil {
		t.Fatal(err)
	}
	if a.SetGenesis(g.Note, terms, [32]byte{3}) == nil {
		t.Fatal("a genesis with one signature is a line")
	}
	if err := g.SignNext(b.Keys.Sign); err != nil {
		t.Fatal(err)
	}
	for _, l := range []*Line{a, b} {
		if err := l.SetGenesis(g.Note, terms, [32]byte{3}); err != nil {
			t.Fatal(err)
		}
	}
	if a.TagKey != b.TagKey || a.TagKey != [32]byte{3} {
		t.Fatal("tag after the genesis")
	}
	refused(t, a.SetTheirs(b.Ours.Note, false), "paired already")
	l, err := Home{filepath.Dir(filepath.Dir(a.Dir))}.Load("north")
	if err != nil || l.Genesis.Hash != g.Hash {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.Dir, "terms"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Home{filepath.Dir(filepath.Dir(a.Dir))}.Load("north")
	refused(t, err, "does not fit")
}

func FuzzDecodeConfig(f *testing.F) {
	c := DefaultConfig("aurelia", 0)
	f.Add(c.encode())
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = DecodeConfig(b) })
}

// The accounts of a group pass through a shared home to its socket, and read nothing in it.
// SPEC: CLI-017
func TestShareGivesTheSocketToAGroup(t *testing.T) {
	g, err := user.LookupGroupId(strconv.Itoa(os.Getgid()))
	if err != nil {
		t.Skip(err)
	}
	for _, shared := range []bool{false, true} {
		h, want, dir := Home{filepath.Join(t.TempDir(), "home")}, os.FileMode(0o600), os.FileMode(0o700)
		if shared {
			want, dir = 0o660, 0o710
			if err := h.Share(g.Name); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.Init("north", DefaultConfig("aurelia", 0), rand.Reader); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(h.Socket(), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := h.ShareSocket(); err != nil {
			t.Fatal(err)
		}
		mode := func(path string) os.FileMode {
			st, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			return st.Mode().Perm()
		}
		if mode(h.Socket()) != want || mode(h.Dir) != dir || mode(filepath.Join(h.Dir, "lines")) != 0o700 {
			t.Errorf("shared %v: socket %o, home %o", shared, mode(h.Socket()), mode(h.Dir))
		}
	}
	if err := (Home{t.TempDir()}).Share("no-such-group"); err == nil {
		t.Error("a group that is not there is taken")
	}
}

// A line alone is made whole, stands in files of its own, and pairs only with the party that it names.
func TestLineAloneIsMadeWholeAndPairsWithThePartyItNames(t *testing.T) {
	// SPEC: ALN-010 ALN-014 ALN-020
	h := Home{t.TempDir()}
	if _, err := h.InitAlone("north", DefaultConfig("aurelia", 0), "aurelia", rand.Reader); err == nil {
		t.Error("a party is alone with itself")
	}
	if names, _ := h.Lines(); len(names) > 0 {
		t.Errorf("a refused line was left: %v", names)
	}
	l, err := h.InitAlone("north", DefaultConfig("aurelia", 0), "borealia", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if l.Genesis != nil || l.Alone == nil || !l.Alone.Genesis.Complete() || filepath.Base(l.Alone.DB()) != "alone.db" || filepath.Base(l.DB()) != "record.db" {
		t.Errorf("%+v", l)
	}
	sheet := func(name string) []byte {
		o, err := Home{t.TempDir()}.Init("north", DefaultConfig(name, 1), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return o.Ours.Note
	}
	refused(t, l.SetTheirs(sheet("cardonia"), false), "with borealia")
	if err := l.NextIssue(); err != nil {
		t.Error(err)
	}
	if err := l.SetTheirs(sheet("borealia"), false); err != nil {
		t.Error(err)
	}
	if l, err = h.Load("north"); err != nil || l.Alone == nil || l.Theirs == nil || l.Ours.Issue != 2 || l.Alone.Ours.Issue != 1 {
		t.Errorf("%+v %v", l, err)
	}
	for _, f := range []string{"alone.terms", "alone.sheet", "alone"} {
		path := filepath.Join(l.Dir, f)
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := append([]byte(nil), was...)
		bad[len(bad)/2] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Load("north"); err == nil {
			t.Errorf("%s with another byte is taken", f)
		}
		if err := os.WriteFile(path, was, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// SPEC: CLI-051
func TestOnlyItsOwnerWorksOnAHome(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("wants root, to give a home to another account")
	}
	h := Home{Dir: t.TempDir()}
	if err := os.Chown(h.Dir, 4242, -1); err != nil {
		t.Fatal(err)
	}
	_, lines := h.Lines()
	_, init := h.Init("north", DefaultConfig("aurelia", 0), rand.Reader)
	for _, err := range []error{lines, init} {
		if err == nil || !strings.Contains(err.Error(), "belongs to the account 4242") || hint.Of(err).Hint != "runuser -u 4242 -- parley …" {
			t.Errorf("root is told %v", err)
		}
	}
	if es, _ := os.ReadDir(h.Dir); len(es) != 0 {
		t.Errorf("root left %v", es)
	}
}

// SPEC: CLI-009
func TestTheHomeIsOnesOwnBeforeTheMachines(t *testing.T) {
	user, machine := t.TempDir(), t.TempDir()
	t.Setenv("PARLEY_HOME", "")
	t.Setenv("HOME", user)
	was := OfMachine
	defer func() { OfMachine = was }()
	own := filepath.Join(user, ".parley")
	for _, step := range []struct {
		machine, want string
		do            func() error
	}{
		{filepath.Join(machine, "none"), own, nil},
		{machine, machine, nil},
		{machine, own, func() error { return os.Mkdir(own, 0o700) }},
	} {
		if step.do != nil {
			if err := step.do(); err != nil {
				t.Fatal(err)
			}
		}
		if OfMachine = step.machine; Default() != step.want {
			t.Errorf("the home is %s, not %s", Default(), step.want)
		}
	}
	t.Setenv("HOME", "")
	if OfMachine = filepath.Join(machine, "none"); Default() != "" {
		t.Errorf("nobody named %s", Default())
	}
}
