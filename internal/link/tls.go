// SPDX-License-Identifier: Apache-2.0

package link

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"strings"
	"time"

	"example.org/parley/internal/fault"
)

// What a connection is for stands in its ALPN: nodes that pair and nodes in service never take each other for what
// they are not, though one may answer the other.
const (
	alpnLine    = "parley/1"
	alpnPairing = "parley/1 pairing"
)

// ErrPeer says that the other end is not the one whose key is pinned.
var ErrPeer = errors.New("the other end holds none of the peer's keys")

// ErrRefused says that the other end does not let our key in.
var ErrRefused = errors.New("the other end does not let our key in")

// refused reports whether a connection ended because the other end knows our key for none of ours.
func refused(err error) bool {
	return err != nil && strings.Contains(err.Error(), "tls: bad certificate")
}

// bareCert wraps a key as TLS wants it; nothing in it but the key is read.
func bareCert(key ed25519.PrivateKey) (tls.Certificate, error) {
	t := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0)}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// speaks is the ALPN of our own sessions.
func (l *Link) speaks() string {
	if l.cfg.Pairing {
		return alpnPairing
	}
	return alpnLine
}

// accepts are those that we answer.
func (l *Link) accepts() []string {
	if l.cfg.PairingTag != nil {
		return []string{alpnLine, alpnPairing}
	}
	return []string{l.speaks()}
}

// tlsConfig is the same for both ends.
// SPEC: LNK-005
func (l *Link) tlsConfig(alpn []string) *tls.Config {
	return &tls.Config{
		Certificates:           []tls.Certificate{l.cert},
		MinVersion:             tls.VersionTLS13,
		CurvePreferences:       []tls.CurveID{tls.X25519MLKEM768},
		NextProtos:             alpn,
		SessionTicketsDisabled: true,
		ServerName:             "parley",
		ClientAuth:             tls.RequireAnyClientCert,
		InsecureSkipVerify:     true, // no authority is asked: the key itself is pinned, below
		VerifyConnection:       l.pinned,
	}
}

func (l *Link) pinned(cs tls.ConnectionState) (err error) {
	defer fault.Caught(l.log, "a handshake", func() { err = ErrPeer })
	if len(cs.PeerCertificates) != 1 || cs.NegotiatedProtocol == "" || cs.DidResume {
		return ErrPeer
	}
	pub, ok := cs.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok {
		return ErrPeer
	}
	for i, p := range l.cfg.Peers {
		if pub.Equal(p) && (i == 0 || !l.renewed.Load()) {
			return nil
		}
	}
	l.wrongKeys.Add(1)
	return ErrPeer
}
