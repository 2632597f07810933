// SPDX-License-Identifier: Apache-2.0

package cert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/home"
)

const name = "line.ops.example"

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// house is an authority of the house with one below it that signs.
type house struct {
	root, mid    *x509.Certificate
	rootK, midK  *ecdsa.PrivateKey
	rootP, chain []byte
}

func sign(t *testing.T, of, by *x509.Certificate, pub any, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, of, by, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newHouse(t *testing.T) (h house) {
	key := func() *ecdsa.PrivateKey { k, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader); return k }
	ca := func(cn string) *x509.Certificate {
		return &x509.Certificate{SerialNumber: big.NewInt(int64(len(cn))), Subject: pkix.Name{CommonName: cn}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: epoch.AddDate(-1, 0, 0), NotAfter: epoch.AddDate(9, 0, 0)}
	}
	h.rootK, h.midK = key(), key()
	h.root = sign(t, ca("House Root"), ca("House Root"), h.rootK.Public(), h.rootK)
	h.mid = sign(t, ca("House Issuing"), h.root, h.midK.Public(), h.rootK)
	h.rootP, h.chain = block("CERTIFICATE", h.root.Raw), block("CERTIFICATE", h.mid.Raw)
	return h
}

// answer signs a request.
func (h house) answer(t *testing.T, csr []byte, change func(*x509.Certificate)) []byte {
	t.Helper()
	p, _ := pem.Decode(csr)
	r, err := x509.ParseCertificateRequest(p.Bytes)
	if err != nil || r.CheckSignature() != nil || len(r.DNSNames) != 1 {
		t.Fatal(err, r)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(7), DNSNames: r.DNSNames, NotBefore: epoch.Add(-time.Hour), NotAfter: epoch.AddDate(1, 0, 0), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if change != nil {
		change(c)
	}
	return block("CERTIFICATE", sign(t, c, h.mid, r.PublicKey, h.midK).Raw)
}

func store(t *testing.T, now *time.Time) *Certificate {
	s := Of(home.Home{Dir: t.TempDir()}, name)
	s.Now = func() time.Time { return *now }
	return s
}

// SPEC: PAG-062
func TestWhatTheHouseSignsIsTakenOnlyWhereItFits(t *testing.T) {
	now, h := epoch, newHouse(t)
	s := store(t, &now)
	csr, err := s.Request()
	if err != nil {
		t.Fatal(err)
	}
	asked := func(csr []byte) any {
		p, _ := pem.Decode(csr)
		r, err := x509.ParseCertificateRequest(p.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		return r.PublicKey
	}
	if again, err := s.Request(); err != nil || !asked(csr).(*ecdsa.PublicKey).Equal(asked(again)) {
		t.Fatal("asked again, it is another key: the answer to the first would fit no more", err)
	}
	other, err := store(t, &now).Request() // another node's key
	if err != nil {
		t.Fatal(err)
	}
	join := func(bs ...[]byte) []byte { return bytes.Join(bs, nil) }
	good := h.answer(t, csr, nil)
	for _, c := range []struct {
		want        string
		file, roots []byte
	}{
		{"there is no certificate", []byte("hello"), nil},
		{"cannot be read", block("CERTIFICATE", []byte("x")), nil},
		{"no certificate in it is of a key", h.answer(t, other, nil), h.rootP},
		{"the certificate is of mail.ops.example", h.answer(t, csr, func(c *x509.Certificate) { c.DNSNames = []string{"mail.ops.example"} }), h.rootP},
		{"ended on 2026-02-01", h.answer(t, csr, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = epoch.AddDate(0, -3, 0), epoch.AddDate(0, -1, 0) }), h.rootP},
		{"begins on 2026-04-01", h.answer(t, csr, func(c *x509.Certificate) { c.NotBefore = epoch.AddDate(0, 1, 0) }), h.rootP},
		{"leads to no root", join(good, h.chain), nil},
		{"leads to no root", good, h.rootP}, // the one between is missing
		{"leads to no root", join(h.answer(t, csr, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), h.chain), h.rootP},
		{"the root: ", join(good, h.chain), []byte("hello")},
	} {
		_, err := s.Import(c.file, c.roots)
		var e *hint.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || e.Hint == "" {
			t.Errorf("%s: %v", c.want, err)
		}
		if _, err := s.Current(); err == nil {
			t.Fatalf("%s: the page shows it", c.want)
		}
	}
	if _, err := s.Import(join(h.chain, good), h.rootP); err != nil { // in any order
		t.Fatal(err)
	}
	c, err := s.Current()
	if err != nil || len(c.Certificate) != 2 || c.Leaf.VerifyHostname(name) != nil {
		t.Fatal(err, c)
	}
	if r, err := s.Root(); err != nil || !r.Equal(h.root) {
		t.Fatal("the root for the desks is not kept", err)
	}
	if st, _ := os.Stat(s.path("key.pem")); st.Mode().Perm() != 0o600 {
		t.Error(st.Mode())
	}
	// The same key again, a year longer: no new request is needed; and the root in the file itself.
	if _, err := s.Import(join(h.answer(t, csr, func(c *x509.Certificate) { c.NotAfter = epoch.AddDate(2, 0, 0) }), h.chain, h.rootP), nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(s.path("key.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(); err == nil || !strings.Contains(err.Error(), "others may have read it") {
		t.Error(err)
	}
}

// SPEC: PAG-063
func TestOurOwnAuthoritySignsForOneNameAndRenews(t *testing.T) {
	now := epoch
	s := store(t, &now)
	root, err := s.Own()
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	c, err := s.Current()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: pool, CurrentTime: now}); err != nil {
		t.Fatal(err)
	}
	k, err := s.readKey("authority.pem")
	if err != nil {
		t.Fatal(err)
	}
	for what, bad := range map[string]x509.Certificate{"another name": {DNSNames: []string{"bank.example"}}, "an address": {DNSNames: []string{name}, IPAddresses: []net.IP{{192, 0, 2, 1}}}} {
		bad.SerialNumber, bad.NotBefore, bad.NotAfter, bad.ExtKeyUsage = big.NewInt(9), now.Add(-time.Hour), now.Add(time.Hour), []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		x := sign(t, &bad, root, k.Public(), k)
		if _, err := x.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err == nil {
			t.Errorf("the authority signs for %s", what)
		}
	}
	if again, err := s.Own(); err != nil || !again.Equal(root) {
		t.Error("asked again, it makes another root, which no desk trusts", err)
	}
	for range 30 { // 900 days: renewed by itself, always of the same root
		now = now.AddDate(0, 0, 30)
		c, err := s.Current()
		if err != nil {
			t.Fatal(err)
		}
		if left := c.Leaf.NotAfter.Sub(now); left < 30*24*time.Hour {
			t.Fatalf("%v before the end it was not renewed", left)
		}
		if _, err := c.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: pool, CurrentTime: now}); err != nil {
			t.Fatal(err)
		}
	}
	now = epoch.AddDate(0, 0, 900+500) // the node was off; what it starts with has ended
	s2 := &Certificate{Dir: s.Dir, Name: name, Now: s.Now}
	if c, err := s2.Current(); err != nil || c.Leaf.NotAfter.Before(now) {
		t.Error("one that has ended is shown", err)
	}
	if ends, own, err := s2.Stands(); err != nil || !own || ends.Before(now) {
		t.Error("it is renewed, and that is not told", ends, own, err)
	}
	now = epoch.AddDate(9, 11, 25)
	if ends, own, err := s2.Stands(); err == nil || !own || ends.IsZero() || !strings.Contains(err.Error(), "our own authority ends on") {
		t.Error("that it cannot be renewed is not told", ends, own, err)
	}
	if ends, err := s2.Ends(); err != nil || !ends.Equal(root.NotAfter) && ends.After(root.NotAfter) {
		t.Error("that the root ends is not told", ends, err)
	}
}

// What keeps a certificate from being renewed is said, whether it was tried or not. SPEC: PAG-066
func TestWhyACertificateIsNotRenewedIsTold(t *testing.T) {
	now := epoch
	s := store(t, &now)
	if _, _, err := s.Stands(); err == nil {
		t.Error("one that is not there stands")
	}
	if _, err := s.Own(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(s.path("authority.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
	other := &Certificate{Dir: s.Dir, Name: name, Now: s.Now}
	if ends, own, err := other.Stands(); err == nil || !own || ends.IsZero() {
		t.Error("a key that others may have read", ends, own, err)
	}
	if err := errors.Join(os.Chmod(s.path("authority.pem"), 0o600), os.RemoveAll(s.path("root.pem")), os.Mkdir(s.path("root.pem"), 0o700)); err != nil {
		t.Fatal(err)
	}
	now = now.AddDate(0, 0, 60)
	if _, err := s.Current(); err != nil { // what is shown goes on
		t.Error(err)
	}
	if s.stays == nil {
		t.Error("it was not renewed, and nothing says so")
	}
	if _, own, err := s.Stands(); err == nil || !own {
		t.Error("a root that cannot be read", own, err)
	}
}

// SPEC: PAG-064
func TestPoliciesAreWhatBrowsersRead(t *testing.T) {
	now := epoch
	s := store(t, &now)
	root, err := s.Own()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := s.Policies([]string{"https://line.ops.example:8443"})
	if err != nil {
		t.Fatal(err)
	}
	var chromium struct {
		CACertificates                                                          [][]byte
		AudioCaptureAllowedUrls, AutoplayAllowlist, NotificationsAllowedForUrls []string
	}
	var firefox struct {
		Policies struct {
			Certificates struct{ Install []string }
			Permissions  map[string]struct{ Allow []string }
		} `json:"policies"`
	}
	for file, into := range map[string]any{"chromium.json": &chromium, "firefox.json": &firefox} {
		b, err := os.ReadFile(filepath.Join(dir, file))
		if err == nil {
			err = json.Unmarshal(b, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(chromium.CACertificates) != 1 || !bytes.Equal(chromium.CACertificates[0], root.Raw) || len(chromium.AudioCaptureAllowedUrls)*len(chromium.AutoplayAllowlist)*len(chromium.NotificationsAllowedForUrls) != 1 {
		t.Errorf("%+v", chromium)
	}
	if p := firefox.Policies; len(p.Certificates.Install) != 1 || len(p.Permissions["Microphone"].Allow)*len(p.Permissions["Autoplay"].Allow)*len(p.Permissions["Notifications"].Allow) != 1 {
		t.Errorf("%+v", firefox)
	}
	if f := Fingerprint(root); len(f) != 32*3-1 || f != strings.ToUpper(f) {
		t.Error(f)
	}
}

// SPEC: PAG-061
func TestAnotherNameIsShownNothing(t *testing.T) {
	now := epoch
	s := store(t, &now)
	if _, err := s.Own(); err != nil {
		t.Fatal(err)
	}
	for _, sni := range []string{"", "bank.example"} {
		if c, err := s.TLS().GetCertificate(&tls.ClientHelloInfo{ServerName: sni}); err == nil {
			t.Errorf("%q gets %v", sni, c)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if cs, err := parse(b); err == nil && (len(cs) == 0 || len(cs) > 17) {
			t.Error(len(cs))
		}
	})
}
