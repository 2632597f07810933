// SPDX-License-Identifier: Apache-2.0

package home

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"

	"example.org/parley/hint"
	"example.org/parley/statement"
)

// Phone is how the telephones of the house are joined to the line: a trunk to the house's PBX.
type Phone struct {
	// Trunk is the PBX: sip:IP or sip:IP:PORT, with ;transport=tcp or tls where it is not UDP; sips:IP is TLS too. What comes from its address is
	// trusted to name the extension that calls.
	Trunk string `toml:"trunk,omitempty"`
	// Bind is our address for it: IP:port. The sound is taken there too.
	Bind string `toml:"bind,omitempty"`
	// Media is the first of 32 UDP ports of the sound (default 16384).
	Media int `toml:"media,omitzero"`
	// Account is what we register as, with the password in phone.secret beside the keys; without it the PBX is a fixed peer.
	Account string `toml:"account,omitempty"`
	// Digest is the algorithm by which the PBX asks for the password: MD5 (default) or SHA-256.
	Digest string `toml:"digest,omitempty"`
	// CA is a file beside the keys with the certificates by which the PBX is known over TLS (default: the system's), and Name what
	// its certificate must name (default: its address). SRTP refuses sound in the clear; over TLS it is sealed where the PBX takes it.
	CA   string `toml:"ca,omitempty"`
	Name string `toml:"name,omitempty"`
	SRTP bool   `toml:"srtp,omitempty"`
	// Outside stands before a number of the ordinary telephone, where the PBX wants one: 0. Prompt is the language in which
	// who answers there is asked to press a key (default en).
	Outside string `toml:"outside,omitempty"`
	Prompt  string `toml:"prompt,omitempty"`
	// Extensions are the telephones that ring with the line, and may ring it.
	Extensions []struct {
		Number string `toml:"number"`
		// Post is whose telephone it is; it stands in the record beside the number.
		Post string `toml:"post,omitempty"`
	} `toml:"extension,omitempty"`
}

// telephone is a number or name of a telephone at a PBX.
var telephone = regexp.MustCompile(`^[A-Za-z0-9*#._-]{1,16}$`)

var language = regexp.MustCompile(`^[a-z]{2}$`)

// Peer reads the trunk's address and its transport: udp, tcp or tls.
func (p *Phone) Peer() (at netip.AddrPort, how string, err error) {
	s, param, _ := strings.Cut(p.Trunk, ";")
	scheme, s, _ := strings.Cut(s, ":")
	how, ok := map[string]string{"sip ": "udp", "sip transport=udp": "udp", "sip transport=tcp": "tcp", "sip transport=tls": "tls",
		"sips ": "tls", "sips transport=tcp": "tls", "sips transport=tls": "tls"}[scheme+" "+param]
	port := uint16(5060)
	if how == "tls" {
		port = 5061
	}
	if !strings.HasSuffix(s, "]") && strings.Count(s, ":") != 0 {
		at, err = netip.ParseAddrPort(s)
	} else {
		var a netip.Addr
		a, err = netip.ParseAddr(strings.Trim(s, "[]"))
		at = netip.AddrPortFrom(a, port)
	}
	if err == nil && (!ok || at.Port() == 0 || at.Addr().IsUnspecified() || at.Addr().IsMulticast()) {
		err = errors.New("no address of a PBX")
	}
	return at, how, err
}

// Desk is the name of an extension's desk.
func (p *Phone) Desk(i int) string {
	name := "extension " + p.Extensions[i].Number
	if post := p.Extensions[i].Post; post != "" {
		name += ", " + post
	}
	return name
}

// FirstPort is the first UDP port of the sound.
func (p *Phone) FirstPort() int { return cmp.Or(p.Media, 16384) }

// Ports are how many UDP ports the sound has.
const Ports = 32

// check validates the table. SPEC: PHN-070
func (p *Phone) check() error {
	if p.Trunk == "" {
		if p.Bind != "" || p.Account != "" || len(p.Extensions) > 0 {
			return bad(`trunk = "sip:192.0.2.20"`, "[phone] names no trunk")
		}
		return nil
	}
	peer, how, err := p.Peer()
	if err != nil {
		return bad(`trunk = "sip:192.0.2.20:5060", or sip:192.0.2.20;transport=tcp, or sips:192.0.2.20`, "[phone] trunk %q is not the IP address of a PBX", p.Trunk)
	}
	if how != "tls" && (p.CA != "" || p.Name != "" || p.SRTP) || strings.Contains(p.CA, "/") || len(p.Name) > 253 {
		return bad(`trunk = "sips:192.0.2.20", ca = "pbx.pem"`, "[phone] ca %q, name %q and srtp are of a trunk over TLS, and the file stands beside config.toml", p.CA, p.Name)
	}
	a, err := netip.ParseAddrPort(p.Bind)
	if err != nil || a.Port() == 0 || a.Addr().IsUnspecified() || a.Addr().Is4() != peer.Addr().Is4() {
		return bad(`bind = "192.0.2.10:5060", an address of this machine that the PBX reaches`, "[phone] bind %q", p.Bind)
	}
	if p.Media != 0 && (p.Media < 1024 || p.Media > 65536-Ports || p.Media%2 != 0) {
		return bad("media = 16384", "[phone] media %d is not the first of %d ports, an even one", p.Media, Ports)
	}
	if p.Account != "" && !telephone.MatchString(p.Account) {
		return bad(`account = "parley"`, "[phone] account %q", p.Account)
	}
	if p.Digest != "" && p.Digest != "MD5" && p.Digest != "SHA-256" {
		return bad("MD5, or SHA-256 where the PBX has it", "[phone] digest %q", p.Digest)
	}
	if p.Outside != "" && !telephone.MatchString(p.Outside) || p.Prompt != "" && !language.MatchString(p.Prompt) {
		return bad(`outside = "0"; prompt = "en"`, "[phone] outside %q, prompt %q", p.Outside, p.Prompt)
	}
	if len(p.Extensions) == 0 || len(p.Extensions) > 8 {
		return bad(`[[phone.extension]] number = "201"`, "[phone] lists %d extensions: one to eight", len(p.Extensions))
	}
	seen := map[string]bool{p.Account: true} // the line's own: its ring would come back to it
	for i, x := range p.Extensions {
		if !telephone.MatchString(x.Number) || seen[x.Number] {
			return bad(`number = "201"`, "[phone] extension %q is none, twice, or the account itself", x.Number)
		}
		if seen[x.Number] = true; len(p.Desk(i)) > 32 || statement.Text("desk", p.Desk(i), 32) != nil {
			return bad("a shorter name of the post", "[phone] extension %s: %q is too long: 32 bytes with the number", x.Number, p.Desk(i))
		}
	}
	return nil
}

// PhoneSecret reads the password of the trunk; "" where there is none.
func (l *Line) PhoneSecret() (string, error) {
	b, err := l.secret("phone.secret")
	if errors.Is(err, fs.ErrNotExist) && l.Config.Phone.Account == "" {
		return "", nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = hint.New("", "the account %s has no password: %s is not there", l.Config.Phone.Account, filepath.Join(l.Dir, "phone.secret")).Way("write it there, and chmod 600: doc/telephones.md")
	}
	return strings.TrimRight(string(b), "\r\n"), err
}

// PhoneTLS is how the PBX is known over TLS, and what we show it where it opens a connection to us: phone.crt and phone.key beside
// the keys; without them it opens none. A PBX that does shows a certificate too, by which it is known in the same way.
//
// SPEC: PHN-006
func (l *Line) PhoneTLS() (client, server *tls.Config, err error) {
	p := &l.Config.Phone
	at, _, err := p.Peer()
	if err != nil {
		return nil, nil, err
	}
	name := cmp.Or(p.Name, at.Addr().String())
	client = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: name}
	if p.CA != "" {
		pem, err := l.read(p.CA)
		if client.RootCAs = x509.NewCertPool(); err == nil && !client.RootCAs.AppendCertsFromPEM(pem) {
			err = errors.New("no certificate in it")
		}
		if err != nil {
			return nil, nil, hint.New("the certificate of the PBX or of who issued it, as PEM", "[phone] ca %q cannot be read: %v", p.CA, err)
		}
	}
	cert, err := l.read("phone.crt")
	if errors.Is(err, fs.ErrNotExist) {
		return client, nil, nil
	}
	key, err2 := l.secret("phone.key")
	if err = errors.Join(err, err2); err != nil {
		return nil, nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, nil, hint.New("phone.crt and phone.key, as PEM", "the certificate of the telephones cannot be used: %v", err)
	}
	client.Certificates = []tls.Certificate{pair}
	server = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: client.Certificates, ClientAuth: tls.RequireAnyClientCert,
		VerifyConnection: func(c tls.ConnectionState) error {
			of := x509.VerifyOptions{DNSName: name, Roots: client.RootCAs, Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
			for _, c := range c.PeerCertificates[1:] {
				of.Intermediates.AddCert(c)
			}
			_, err := c.PeerCertificates[0].Verify(of)
			return err
		}}
	return client, server, nil
}
