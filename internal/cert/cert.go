// SPDX-License-Identifier: Apache-2.0

// Package cert keeps the certificate of the desks' page: one of the house's authority, or one of a small authority of the
// node's own, which is constrained to the page's name and renews what it made.
//
//	HOME/tls/NAME/key.pem         the key and, behind it, the certificate and those above it, as the page shows them; 0600 as all of these
//	HOME/tls/NAME/asked.pem       the key of a request that is not answered yet
//	HOME/tls/NAME/root.pem        the authority that desks must trust, where we know it
//	HOME/tls/NAME/authority.pem   the key of our own authority, where there is one
//	HOME/tls/NAME/policy/         what is copied to the machines of desks: chromium.json, firefox.json, root.pem
//
// It reads and writes these files and judges certificates. It opens no socket. Its spec is spec/page.md.
package cert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/home"
)

// How long what we make ourselves lasts.
const (
	ownLife  = 90 * 24 * time.Hour
	Renews   = 40 * 24 * time.Hour // left: it is made anew
	rootLife = 10 * 365 * 24 * time.Hour
	early    = time.Hour // valid since before now: clocks differ
	maxFile  = 256 << 10
)

// Certificate is the certificate of one name.
type Certificate struct {
	Dir  string
	Name string
	Now  func() time.Time // nil: the clock

	mu     sync.Mutex // guards what follows
	shown  *tls.Certificate
	looked time.Time
	stamp  time.Time // of the file that shown is from
	stays  error     // why it was not made anew, nil where it was or need not be
}

// Of is the certificate of a page in a home.
func Of(h home.Home, name string) *Certificate {
	return &Certificate{Dir: filepath.Join(h.Dir, "tls", name), Name: name}
}

func (s *Certificate) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func (s *Certificate) path(file string) string { return filepath.Join(s.Dir, file) }

func (s *Certificate) write(file string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(s.path(file)), 0o700); err != nil {
		return fmt.Errorf("couldn't make %s: %w", s.Dir, err)
	}
	return home.WriteFile(s.path(file), b)
}

// none is the refusal of a page that has no certificate.
func (s *Certificate) none() error {
	return hint.New("parley cert own, or of the house's authority: parley cert csr > FILE, parley cert import FILE", "there is no certificate for %s", s.Name)
}

func newKey() (*ecdsa.PrivateKey, []byte, error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	b, err := x509.MarshalPKCS8PrivateKey(k)
	return k, block("PRIVATE KEY", b), err
}

func block(what string, b []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: what, Bytes: b})
}

// readKey reads a key of ours, nil where there is none; one that others could read is refused.
func (s *Certificate) readKey(file string) (*ecdsa.PrivateKey, error) {
	st, err := os.Stat(s.path(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && st.Mode().Perm()&0o077 != 0 {
		return nil, hint.New("", "%s has mode %04o: others may have read it", s.path(file), st.Mode().Perm()).Way("make another: parley cert own, or parley cert csr")
	}
	b, err := os.ReadFile(s.path(file))
	if err != nil {
		return nil, err
	}
	p, _ := pem.Decode(b)
	if p == nil {
		return nil, fmt.Errorf("%s is no key", s.path(file))
	}
	k, err := x509.ParsePKCS8PrivateKey(p.Bytes)
	ec, ok := k.(*ecdsa.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s is no key of ours: %w", s.path(file), err)
	}
	return ec, nil
}

// parse reads certificates, one after the other.
func parse(b []byte) (cs []*x509.Certificate, err error) {
	for len(b) > 0 && len(cs) <= 16 {
		var p *pem.Block
		if p, b = pem.Decode(b); p == nil {
			break
		}
		if p.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(p.Bytes)
		if err != nil {
			return nil, fmt.Errorf("a certificate in it cannot be read: %w", err)
		}
		cs = append(cs, c)
	}
	if len(cs) == 0 {
		return nil, errors.New("there is no certificate in it")
	}
	return cs, nil
}

// Request makes a request for a certificate, with a key that waits for the answer. Asked again, it is the same key.
// SPEC: PAG-062
func (s *Certificate) Request() ([]byte, error) {
	k, err := s.readKey("asked.pem")
	if err == nil && k == nil {
		var b []byte
		if k, b, err = newKey(); err == nil {
			err = s.write("asked.pem", b)
		}
	}
	if err != nil {
		return nil, err
	}
	b, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: s.Name}, DNSNames: []string{s.Name}}, k)
	if err != nil {
		return nil, fmt.Errorf("couldn't make the request: %w", err)
	}
	return block("CERTIFICATE REQUEST", b), nil
}

// Import takes the authority's answer: the certificate and those between it and the root; roots are the authority's, where
// neither the file nor this machine has it. Nothing changes where it does not fit. SPEC: PAG-062
func (s *Certificate) Import(file, roots []byte) (*x509.Certificate, error) {
	cs, err := parse(file)
	if err != nil {
		return nil, hint.New("a file as the authority gives it, in PEM: -----BEGIN CERTIFICATE-----", "%v", err)
	}
	leaf, key, err := s.ours(cs)
	if err != nil {
		return nil, err
	}
	if err := s.fits(leaf); err != nil {
		return nil, err
	}
	root, chain, err := s.chain(leaf, cs, roots)
	if err != nil {
		return nil, err
	}
	b, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	if err := s.keep(block("PRIVATE KEY", b), chain, root); err != nil {
		return nil, err
	}
	for _, f := range []string{"authority.pem", "asked.pem"} { // what answers a request is not renewed by our own authority
		if err := os.Remove(s.path(f)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return leaf, nil
}

// ours finds the certificate that is of a key of ours.
func (s *Certificate) ours(cs []*x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	for _, file := range []string{"asked.pem", "key.pem"} {
		k, err := s.readKey(file)
		if err != nil {
			return nil, nil, err
		}
		for _, c := range cs {
			if k != nil && k.PublicKey.Equal(c.PublicKey) {
				return c, k, nil
			}
		}
	}
	return nil, nil, hint.New("the answer to parley cert csr, of this home and this name", "no certificate in it is of a key that this node made")
}

// fits refuses a certificate that no browser takes for this page.
func (s *Certificate) fits(leaf *x509.Certificate) error {
	switch now := s.now(); {
	case leaf.VerifyHostname(s.Name) != nil:
		names := strings.Join(leaf.DNSNames, ", ")
		if names == "" {
			names = "no name"
		}
		return hint.New("ask for one of the name: parley cert csr", "the certificate is of %s, and the page of %s", names, s.Name)
	case now.After(leaf.NotAfter):
		return hint.New("ask for another: parley cert csr", "the certificate ended on %s", leaf.NotAfter.UTC().Format("2006-01-02 15:04Z"))
	case now.Before(leaf.NotBefore):
		return hint.New("wait until then, or set this machine's clock", "the certificate begins on %s", leaf.NotBefore.UTC().Format("2006-01-02 15:04Z"))
	}
	return nil
}

// chain leads from a certificate to a root, which browsers must trust; the root is nil where this machine brings it.
func (s *Certificate) chain(leaf *x509.Certificate, cs []*x509.Certificate, roots []byte) (root *x509.Certificate, chain []*x509.Certificate, err error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	between, given := x509.NewCertPool(), map[string]bool{}
	if len(roots) > 0 {
		more, err := parse(roots)
		if err != nil {
			return nil, nil, hint.New("a file in PEM: -----BEGIN CERTIFICATE-----", "the root: %v", err)
		}
		for _, c := range more {
			pool.AddCert(c)
			given[string(c.Raw)] = true
		}
	}
	for _, c := range cs {
		if c.IsCA && bytes.Equal(c.RawIssuer, c.RawSubject) && c.CheckSignatureFrom(c) == nil {
			pool.AddCert(c)
			given[string(c.Raw)] = true
		} else if c != leaf {
			between.AddCert(c)
		}
	}
	all, err := leaf.Verify(x509.VerifyOptions{DNSName: s.Name, Roots: pool, Intermediates: between, CurrentTime: s.now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	if err != nil {
		return nil, nil, hint.New("put the authority's certificates behind it in the file, or name its root: --root FILE", "the certificate leads to no root: %v", err)
	}
	chain = all[0]
	if top := chain[len(chain)-1]; given[string(top.Raw)] {
		root = top
	}
	return root, chain[:max(1, len(chain)-1)], nil
}

// Own makes an authority of the node's own, which can sign for this name and no other, and a certificate of it. An authority
// that is there is kept: desks trust it. SPEC: PAG-063
func (s *Certificate) Own() (root *x509.Certificate, err error) {
	k, err := s.readKey("authority.pem")
	if err != nil {
		return nil, err
	}
	if k != nil {
		if root, err = s.Root(); err == nil && root != nil && s.now().Add(ownLife).Before(root.NotAfter) && k.PublicKey.Equal(root.PublicKey) {
			return root, s.sign(root, k)
		}
	}
	k, b, err := newKey()
	if err != nil {
		return nil, err
	}
	_, all4, _ := net.ParseCIDR("0.0.0.0/0")
	_, all6, _ := net.ParseCIDR("::/0")
	t := &x509.Certificate{SerialNumber: serial(), Subject: pkix.Name{CommonName: "Parley, for " + s.Name + " alone"}, IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		NotBefore: s.now().Add(-early), NotAfter: s.now().Add(rootLife), KeyUsage: x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{s.Name}, ExcludedIPRanges: []*net.IPNet{all4, all6}}
	der, err := x509.CreateCertificate(rand.Reader, t, t, k.Public(), k)
	if err == nil {
		root, err = x509.ParseCertificate(der)
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't make the authority: %w", err)
	}
	if err := s.write("authority.pem", b); err != nil {
		return nil, err
	}
	return root, s.sign(root, k)
}

// sign makes a certificate by our own authority.
func (s *Certificate) sign(root *x509.Certificate, by *ecdsa.PrivateKey) error {
	k, b, err := newKey()
	if err != nil {
		return err
	}
	t := &x509.Certificate{SerialNumber: serial(), Subject: pkix.Name{CommonName: s.Name}, DNSNames: []string{s.Name}, NotBefore: s.now().Add(-early), NotAfter: s.now().Add(ownLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, t, root, k.Public(), by)
	if err != nil {
		return fmt.Errorf("couldn't make the certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	return s.keep(b, []*x509.Certificate{leaf}, root)
}

func serial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b)
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b)
}

// keep writes key and chain in one file, so that no kill leaves the one without the other, and the root beside it.
func (s *Certificate) keep(key []byte, chain []*x509.Certificate, root *x509.Certificate) error {
	all := bytes.Clone(key)
	for _, c := range chain {
		all = append(all, block("CERTIFICATE", c.Raw)...)
	}
	if root != nil {
		if err := s.write("root.pem", block("CERTIFICATE", root.Raw)); err != nil {
			return err
		}
	} else if err := os.Remove(s.path("root.pem")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.write("key.pem", all)
}

// Root is the authority that desks must trust, nil where they know it without us.
func (s *Certificate) Root() (*x509.Certificate, error) {
	b, err := os.ReadFile(s.path("root.pem"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	cs, err := parse(b)
	if err != nil {
		return nil, err
	}
	return cs[0], nil
}

// Load reads what the page shows.
func (s *Certificate) Load() (*tls.Certificate, error) {
	if _, err := s.readKey("key.pem"); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(s.path("key.pem"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.none()
	}
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("over %d bytes", maxFile)
	}
	var c tls.Certificate
	if err == nil {
		c, err = tls.X509KeyPair(b, b)
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't read the page's certificate: %w", err)
	}
	return &c, nil
}

// Current gives what the page shows now: looked for anew at most once a second, so that a renewed one needs no restart; one of
// our own is renewed before it ends. SPEC: PAG-063
func (s *Certificate) Current() (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.shown != nil && now.Sub(s.looked) < time.Second && !now.Before(s.looked) {
		return s.shown, nil
	}
	s.looked = now
	st, err := os.Stat(s.path("key.pem"))
	if err == nil && (s.shown == nil || !st.ModTime().Equal(s.stamp)) {
		err = s.take(st)
	}
	if err == nil && s.shown.Leaf.NotAfter.Sub(now) < Renews {
		var again bool
		if again, s.stays = s.renew(); again && s.stays == nil {
			if st, err := os.Stat(s.path("key.pem")); err == nil {
				_ = s.take(st) // what was shown goes on
			}
		}
	}
	switch {
	case s.shown != nil:
		return s.shown, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, s.none()
	}
	return nil, err
}

// take shows what is in the file. The caller holds s.mu.
func (s *Certificate) take(st fs.FileInfo) error {
	c, err := s.Load()
	if err == nil {
		s.shown, s.stamp = c, st.ModTime()
	}
	return err
}

// authority is our own, nil where there is none; a new one is for people, since desks must trust it.
func (s *Certificate) authority() (*x509.Certificate, *ecdsa.PrivateKey, error) {
	k, err := s.readKey("authority.pem")
	if err != nil || k == nil {
		return nil, nil, err
	}
	root, err := s.Root()
	switch {
	case err != nil:
	case root == nil:
		err = hint.New("parley cert own; then its policies to each desk", "the root of our own authority is gone: %s", s.path("root.pem"))
	case root.NotAfter.Before(s.now().Add(Renews)):
		err = hint.New("parley cert own; then its policies to each desk", "our own authority ends on %s", root.NotAfter.UTC().Format("2006-01-02"))
	}
	return root, k, err
}

// renew makes a certificate of our own authority anew, where there is one.
func (s *Certificate) renew() (bool, error) {
	root, k, err := s.authority()
	if err != nil || k == nil {
		return false, err
	}
	return true, s.sign(root, k)
}

// Ends is when what the page shows ends, or the authority above it where that is sooner.
func (s *Certificate) Ends() (time.Time, error) {
	c, err := s.Current()
	if err != nil {
		return time.Time{}, err
	}
	return s.ends(c), nil
}

func (s *Certificate) ends(c *tls.Certificate) time.Time {
	if root, err := s.Root(); err == nil && root != nil && root.NotAfter.Before(c.Leaf.NotAfter) {
		return root.NotAfter
	}
	return c.Leaf.NotAfter
}

// Stands gives when what the page shows ends, whether an authority of our own makes it anew, and why it does not, as far as
// that can be known. It changes nothing. SPEC: PAG-066
func (s *Certificate) Stands() (ends time.Time, own bool, err error) {
	c, err := s.Load()
	if err != nil {
		return time.Time{}, false, err
	}
	_, k, err := s.authority()
	own = k != nil || err != nil
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stays != nil {
		err = s.stays
	}
	return s.ends(c), own, err
}

// TLS is how the page speaks: TLS 1.3 alone, HTTP/2 where the browser can. SPEC: PAG-061
func (s *Certificate) TLS() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if h.ServerName != s.Name { // who asks for another name, or none, learns nothing of ours
			return nil, errors.New("couldn't show a certificate: another name was asked")
		}
		return s.Current()
	}}
}

// Fingerprint is the SHA-256 of a certificate, as browsers write it.
func Fingerprint(c *x509.Certificate) string {
	h := sha256.Sum256(c.Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", h[:]), " ", ":")
}

// Policies writes what is copied to the machine of a desk, so that its browser trusts the page and lets it sound, listen and
// tell without a press, and gives the directory. SPEC: PAG-064
func (s *Certificate) Policies(origins []string) (dir string, err error) {
	root, err := s.Root()
	if err != nil {
		return "", err
	}
	chromium := map[string]any{"AudioCaptureAllowedUrls": origins, "AutoplayAllowlist": origins, "NotificationsAllowedForUrls": origins}
	allow := map[string]any{"Allow": origins}
	firefox := map[string]any{"Permissions": map[string]any{"Microphone": allow, "Autoplay": allow, "Notifications": allow}}
	if root != nil {
		chromium["CACertificates"] = []string{base64.StdEncoding.EncodeToString(root.Raw)}
		firefox["Certificates"] = map[string]any{"Install": []string{"/etc/firefox/policies/parley-" + s.Name + ".pem"}}
		if err := s.write("policy/root.pem", block("CERTIFICATE", root.Raw)); err != nil {
			return "", err
		}
	}
	for file, p := range map[string]any{"policy/chromium.json": chromium, "policy/firefox.json": map[string]any{"policies": firefox}} {
		b, err := json.MarshalIndent(p, "", "  ")
		if err == nil {
			err = s.write(file, append(b, '\n'))
		}
		if err != nil {
			return "", err
		}
	}
	return s.path("policy"), nil
}
