// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/pion/srtp/v3"

	"example.org/parley/internal/home"
	"example.org/parley/internal/voice"
)

// Certs writes into a directory a CA of its own as pbx.pem, and a certificate of it for these addresses as phone.crt and phone.key,
// and both in one file, phone.pem.
func Certs(t *testing.T, dir string, of ...string) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	make := func(of []string, by *x509.Certificate, with *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, []byte) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		check(err)
		c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: strings.Join(of, " ")}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true}
		if by == nil {
			c.IsCA, c.KeyUsage, by, with = true, x509.KeyUsageCertSign, c, key
		}
		for _, ip := range of {
			c.IPAddresses = append(c.IPAddresses, net.ParseIP(ip))
		}
		der, err := x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, with)
		check(err)
		return c, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	ca, caKey, caPEM := make(nil, nil, nil)
	_, key, cert := make(of, ca, caKey)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	check(err)
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for name, b := range map[string][]byte{"pbx.pem": caPEM, "phone.crt": cert, "phone.key": keyPEM, "phone.pem": append(bytes.Clone(cert), keyPEM...)} {
		check(os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
}

// overTLS gives a trunk over TLS whose PBX is known by a CA of its own, and how a stranger's certificate looks.
func overTLS(t *testing.T, name string) (client, server, strangers *tls.Config) {
	t.Helper()
	l := &home.Line{Dir: t.TempDir()}
	l.Config.Phone.Trunk, l.Config.Phone.CA, l.Config.Phone.Name = "sips:127.0.0.2", "pbx.pem", name
	if _, _, err := l.PhoneTLS(); err == nil {
		t.Error("no file of the CA, and no error")
	}
	Certs(t, l.Dir, "127.0.0.1", "127.0.0.2")
	client, server, err := l.PhoneTLS()
	if err != nil {
		t.Fatal(err)
	}
	other := &home.Line{Dir: t.TempDir(), Config: l.Config}
	Certs(t, other.Dir, "127.0.0.1", "127.0.0.2")
	if strangers, _, err = other.PhoneTLS(); err != nil {
		t.Fatal(err)
	}
	return client, server, strangers
}

// TestTrunkOverTLS: the PBX is known by its certificate whoever opens the connection, sound is sealed, and nobody else is heard.
func TestTrunkOverTLS(t *testing.T) {
	// SPEC: PHN-006 PHN-022
	client, server, strangers := overTLS(t, "")
	h := trunkOf(t, true, map[string]int{"201": 180}, func(c *Config) { c.TLS, c.Server, c.SRTP = client, server, true })
	h.rings(1)
	h.wait("it rings", func() bool { return h.has("INVITE 201") })
	inv := h.request("INVITE 201")
	if s, err := parseSDP(inv.Body(), isSealed); err != nil || inv.Via().Transport != "TLS" || !strings.Contains(inv.Contact().Value(), "transport=tls") {
		t.Errorf("%+v %v\n%s", s, err, inv)
	}
	bare := func() net.Conn {
		c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).Dial("tcp", h.edge.cfg.Bind.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		return c
	}
	dial := func(cfg *tls.Config) (net.Conn, error) {
		s := tls.Client(bare(), cfg)
		var err error
		if err = s.Handshake(); err == nil {
			_, err = s.Write([]byte(strings.ReplaceAll(request("OPTIONS", "in", 1, "", "", ""), "192.0.2.20:5060", h.at.String())))
		}
		if err == nil {
			_, err = s.Read(make([]byte, 1)) // what is refused of us is known at the first answer
		}
		return s, err
	}
	ours := &tls.Config{RootCAs: client.RootCAs, ServerName: "127.0.0.1", Certificates: client.Certificates}
	for tries := 5; ; tries-- { // a busy machine may give it up before
		stalled := bare()
		c, err := dial(ours)
		if err != nil {
			t.Fatalf("the PBX's connection beside one whose handshake stalls: %v", err)
		}
		_ = stalled.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		_, err = stalled.Read(make([]byte, 1))
		stalled.Close()
		c.Close()
		h.wait("both places are free", func() (free bool) { h.loop(func() { free = len(h.edge.streams) == 1 }); return free })
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if tries == 0 {
			t.Fatal("the PBX's connection waits until the one whose handshake stalls is given up")
		}
	}
	for what, certs := range map[string][]tls.Certificate{"no certificate": nil, "another's certificate": strangers.Certificates} {
		before, _, _ := h.edge.Counts()
		if _, err := dial(&tls.Config{RootCAs: client.RootCAs, ServerName: "127.0.0.1", Certificates: certs}); err == nil {
			t.Errorf("%s is taken for the PBX", what)
		}
		h.wait("it is counted", func() bool { n, _, _ := h.edge.Counts(); return n > before })
	}
	h.wait("the log says why", func() (told bool) {
		h.loop(func() {
			told = strings.Contains(h.logs.String(), "is not taken") && strings.Contains(h.logs.String(), "unknown authority") && strings.Contains(h.logs.String(), "didn't provide a certificate")
		})
		return told
	})
}

// TestNotThisPBX: a PBX whose certificate is of somebody else, or names something else, gets no word.
func TestNotThisPBX(t *testing.T) {
	// SPEC: PHN-006
	for _, name := range []string{"", "pbx.house.example"} {
		client, server, strangers := overTLS(t, name)
		if name == "" {
			client = strangers
		}
		free(t)
		h := &house{line: newFakeLine(), logs: &bytes.Buffer{}, pbx: &pbx{t: t, at: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), nextPort), tls: server}}
		h.serve(true, netip.AddrPort{}, nil)
		cfg := Config{Trunk: h.at, TCP: true, TLS: client, Bind: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), nextPort), Media: nextPort + 2, Prompt: "en", Extensions: []Extension{{"201", "extension 201"}}}
		e, err := New(cfg, h.line, slogTo(h.logs))
		if err != nil {
			t.Fatal(err)
		}
		why := make(chan string, 1)
		h.wait("the dial comes to nothing", func() bool {
			e.post(func() { why <- e.why })
			return strings.Contains(<-why, "certificate")
		})
		e.Close()
		if h.line.did("extension 201 desk {Armed:true") || len(h.log) > 0 {
			t.Errorf("%q: the PBX was spoken with: %v", name, h.log)
		}
		if !strings.Contains(h.logs.String(), "certificate") {
			t.Errorf("%q: the log does not say why: %s", name, h.logs)
		}
	}
}

// TestSealedSound: what is sealed under the key that was named is heard once; what came before, is sealed otherwise or is in the
// clear is counted; ours is sealed under ours, and a description that says the same key again begins nothing anew.
func TestSealedSound(t *testing.T) {
	// SPEC: PHN-022 PHN-030
	m, frames, _ := hearing()
	far, key := m.to.Load().to, newKey()
	l := &leg{key: newKey(), theirs: session{to: far, dir: "sendrecv", key: key}}
	m.speaks(l)
	seal := func(key []byte) *srtp.Context {
		c, err := srtp.CreateContext(key[:16], key[16:], srtp.ProtectionProfileAes128CmHmacSha1_80)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	theirs, other := seal(key), seal(newKey())
	sealed := func(c *srtp.Context, seq uint16) []byte {
		b, err := c.EncryptRTP(nil, rtp(0, seq, uint32(seq)*160, 5, make([]byte, voice.FrameBytes)), nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	first := sealed(theirs, 1)
	for _, c := range []struct {
		what string
		b    []byte
		ok   bool
	}{{"sealed", first, true}, {"once more", first, false}, {"another key", sealed(other, 2), false}, {"in the clear", rtp(0, 3, 480, 5, make([]byte, voice.FrameBytes)), false}, {"short", first[:20], false}, {"the next", sealed(theirs, 4), true}} {
		if ok := m.take(c.b, far, time.Now()); ok != c.ok {
			t.Errorf("%s: taken %v", c.what, ok)
		}
	}
	m.speaks(l) // held and resumed: the same key
	if m.take(first, far, time.Now()) || !m.take(sealed(theirs, 5), far, time.Now()) || *frames != 3 {
		t.Errorf("after the same key: %d frames", *frames)
	}
	ear, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	defer ear.Close()
	if m.conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0"))); err != nil {
		t.Fatal(err)
	}
	defer m.conn.Close()
	l.theirs.to = ear.LocalAddr().(*net.UDPAddr).AddrPort()
	m.speaks(l)
	buf, ours := make([]byte, 1500), seal(l.key)
	for n := range uint32(3) {
		if err := m.WriteAt(1, 0, n, make([]byte, voice.FrameBytes)); err != nil {
			t.Fatal(err)
		}
		_ = ear.SetReadDeadline(time.Now().Add(10 * time.Second))
		k, err := ear.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		b, err := ours.DecryptRTP(nil, buf[:k], nil)
		if p, ok := readRTP(b); err != nil || !ok || len(p.payload) != voice.FrameBytes {
			t.Errorf("ours: %v %v", err, p)
		}
	}
}

// TestSealedDescriptions: sealed sound is offered over TLS and answered in kind; a PBX that refuses it gets the other offer, unless it
// must be sealed.
func TestSealedDescriptions(t *testing.T) {
	// SPEC: PHN-022
	key := "inline:" + strings.Repeat("A", 40)
	savp := func(crypto string) string {
		return strings.Replace(theirSDP, "RTP/AVP", "RTP/SAVP", 1) + crypto
	}
	good := savp("a=crypto:7 AES_CM_128_HMAC_SHA1_80 " + key + "|2^31\r\n")
	for _, c := range []struct {
		sdp, sealed string
		ok          bool
	}{
		{theirSDP, inClear, true}, {theirSDP, mayBeSealed, true}, {theirSDP, isSealed, false}, {good, inClear, false}, {good, mayBeSealed, true}, {good, isSealed, true},
		{savp(""), isSealed, false}, {savp("a=crypto:1 AES_CM_128_HMAC_SHA1_32 " + key + "\r\n"), isSealed, false}, {savp("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:QUJD\r\n"), isSealed, false},
		{savp("a=crypto:1 AES_CM_128_HMAC_SHA1_80 " + key + "|2^20|1:4\r\n"), isSealed, false}, {savp("a=crypto:1 AES_CM_128_HMAC_SHA1_80 " + key + " UNENCRYPTED_SRTP\r\n"), isSealed, false},
		{theirSDP + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " + key + "\r\n", inClear, true}, {theirSDP + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " + key + "\r\n", mayBeSealed, true},
		{theirSDP + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " + key + "\r\n", isSealed, false},
	} {
		if s, err := parseSDP([]byte(c.sdp), c.sealed); (err == nil) != c.ok || err == nil && (s.key != nil) != strings.Contains(c.sdp, "RTP/SAVP") {
			t.Errorf("%q: %+v %v\n%s", c.sealed, s, err, c.sdp)
		}
	}
	tlsOf := func(must bool) func(*Config) {
		return func(c *Config) { c.TCP, c.TLS, c.SRTP = true, &tls.Config{}, must }
	}
	p := play(t, tlsOf(false))
	p.got(request("INVITE", "in", 1, "", "", good))
	p.legs[0].accept()
	ok := p.drain()[0].(*sip.Response)
	if s, err := parseSDP(ok.Body(), isSealed); err != nil || s.keyTag != "7" || bytes.Equal(s.key, p.legs[0].theirs.key) {
		t.Errorf("our answer: %+v %v\n%s", s, err, ok.Body())
	}
	for _, must := range []bool{false, true} {
		p := play(t, tlsOf(must))
		p.got(request("INVITE", "late", 1, "", "", ""))
		p.legs[0].accept()
		if _, err := parseSDP(p.drain()[0].(*sip.Response).Body(), isSealed); err != nil {
			t.Errorf("our offer to an INVITE that has none: %v", err)
		}
		p = play(t, tlsOf(must))
		l := p.call("201", sound, false)
		first := one[*sip.Request](t, p.drain())
		if _, err := parseSDP(first.Body(), isSealed); err != nil {
			t.Errorf("our offer: %v", err)
		}
		p.got(respond(first, 488, "ph", "", ""))
		if must != (l.state == over) {
			t.Errorf("488, and it must be sealed %v: %s", must, l.state)
		}
		if again := p.sent[len(p.sent)-1].(*sip.Request); !must {
			if _, err := parseSDP(again.Body(), inClear); err != nil || again.Method != sip.INVITE {
				t.Errorf("the other offer: %v\n%s", err, again)
			}
		}
	}
	p = play(t, tlsOf(true))
	if res := p.got(request("INVITE", "in", 1, "", "", theirSDP)); one[*sip.Response](t, res).StatusCode != 488 {
		t.Error("a call in the clear is taken")
	}
}
