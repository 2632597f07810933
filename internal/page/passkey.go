// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"example.org/parley/hint"
	"example.org/parley/internal/act"
	"example.org/parley/words"
)

const (
	maxKeys    = 80 // passkeys of all
	maxOfOwner = 6  // and of one officer
)

// owner is an officer with his passkeys; it is kept by its handle, which each of them holds.
type owner struct {
	Officer string                `json:"officer"` // short ID of his statement
	Name    string                `json:"name"`
	Keys    []webauthn.Credential `json:"keys"`

	handle []byte
}

// What go-webauthn asks of an owner.
func (o *owner) WebAuthnID() []byte                         { return o.handle }
func (o *owner) WebAuthnName() string                       { return o.Name }
func (o *owner) WebAuthnDisplayName() string                { return o.Name }
func (o *owner) WebAuthnCredentials() []webauthn.Credential { return o.Keys }

// ceremony is one making or showing of a passkey, from its challenge to its answer; it is used once.
type ceremony struct {
	data  webauthn.SessionData
	owner *owner // of one that is made
	code  string // and the invitation that allows it
	until time.Time
}

// relying is the page as passkeys know it: by the name in its links, at whichever port of its own. SPEC: PAG-072
func relying(cfg Config, origin func(string) string) (*webauthn.WebAuthn, error) {
	name := nameOf(cfg.Hosts[0])
	c := &webauthn.Config{RPID: name, RPDisplayName: "Parley " + cfg.Name, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired}}
	for _, h := range cfg.Hosts {
		if nameOf(h) == name {
			c.RPOrigins = append(c.RPOrigins, origin(h))
		}
	}
	return webauthn.New(c)
}

func nameOf(host string) string {
	if name := hostOf(host); name != "" {
		return name
	}
	return host
}

// named refuses a ceremony where no passkey can be: under an address.
func (s *Server) named(r *http.Request) error {
	if net.ParseIP(nameOf(r.Host)) == nil && s.rp != nil {
		return nil
	}
	return hint.New("", "a passkey belongs to a name").Way("open %s", s.origin(s.cfg.Hosts[0])+"/")
}

// under keeps a ceremony by its challenge; the oldest falls where there are many. SPEC: PAG-073
func (s *Server) under(c ceremony) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	maps.DeleteFunc(s.ceremonies, func(_ string, c ceremony) bool { return now.After(c.until) })
	if len(s.ceremonies) >= maxCeremony {
		delete(s.ceremonies, slices.MinFunc(slices.Collect(maps.Keys(s.ceremonies)), func(a, b string) int { return s.ceremonies[a].until.Compare(s.ceremonies[b].until) }))
	}
	c.until = now.Add(ceremonyLife)
	s.ceremonies[c.data.Challenge] = c
}

// over takes a ceremony away, by the challenge that its answer names: an answer is taken once. SPEC: PAG-073
func (s *Server) over(challenge string) (c ceremony, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok = s.ceremonies[challenge]
	delete(s.ceremonies, challenge)
	return c, ok && !s.cfg.Now().After(c.until)
}

// askForPasskey begins to make one, for whom an invitation names. SPEC: PAG-071
func (s *Server) askForPasskey(r *http.Request, code string, i invite) (any, error) {
	if err := s.named(r); err != nil {
		return nil, err
	}
	o := &owner{Officer: i.officer.ID, Name: i.officer.Name}
	if known := s.ownerOf(i.officer.ID); known != nil {
		o.handle, o.Keys = known.handle, known.Keys
	} else {
		o.handle = make([]byte, 32)
		rand.Read(o.handle)
	}
	if len(o.Keys) >= maxOfOwner && !i.anew {
		return nil, hint.New("take those that are there away: parley officer invite --anew", "%s has %d passkeys already", o.Name, len(o.Keys))
	}
	options, data, err := s.rp.BeginRegistration(o, webauthn.WithExclusions(webauthn.Credentials(o.Keys).CredentialDescriptors()))
	if err != nil {
		return nil, err
	}
	s.under(ceremony{data: *data, owner: o, code: code})
	return options, nil
}

// ownerOf finds an officer's passkeys; he may have been stated anew since.
func (s *Server) ownerOf(officer string) *owner {
	s.mu.Lock()
	all := maps.Clone(s.passkeys)
	s.mu.Unlock()
	for handle, o := range all {
		p, err := s.cfg.Node.Staff(o.Officer)
		if err == nil && p.ID == officer {
			c := *o
			c.handle, _ = b64.DecodeString(handle)
			return &c
		}
	}
	return nil
}

// madePasskey takes one that was made, uses the invitation up and signs its officer on. SPEC: PAG-071
func (s *Server) madePasskey(w http.ResponseWriter, r *http.Request) {
	b, ok := s.posted(w, r)
	if !ok {
		return
	}
	p, err := protocol.ParseCredentialCreationResponseBody(bytes.NewReader(b))
	var c ceremony
	if err == nil {
		c, ok = s.over(p.Response.CollectedClientData.Challenge)
	}
	if err != nil || !ok || c.owner == nil {
		s.no(w, r, "a passkey that was not asked for", err)
		return
	}
	made, err := s.rp.CreateCredential(c.owner, c.data, p)
	if err != nil {
		s.no(w, r, "a passkey that does not fit", err)
		return
	}
	made.Attestation = webauthn.CredentialAttestation{} // who made the authenticator is nothing to us
	i, there := s.used(c.code)
	if !there || s.cfg.Now().After(i.until) {
		s.guard.tell("a code that opens nothing", r.RemoteAddr)
		s.reply(w, r, nil, errUsed)
		return
	}
	if err := s.addKey(c.owner, *made, i.anew); err != nil {
		s.reply(w, r, nil, err)
		return
	}
	s.cfg.Log.Info("page: a passkey was made", "officer", c.owner.Officer, "from", hostOf(r.RemoteAddr))
	s.signOn(w, r, c.owner)
}

// addKey keeps a passkey, on disk before it opens anything.
func (s *Server) addKey(o *owner, made webauthn.Credential, anew bool) error {
	if anew {
		s.end(func(l link) bool { return l.Who.Officer == o.Officer && l.Who.Known == "passkey" })
	}
	handle, full := b64.EncodeToString(o.handle), false
	var was map[string]*owner
	if err := s.change(keptPasskeys, func() any {
		n := 0
		for _, x := range s.passkeys {
			n += len(x.Keys)
		}
		if full = n >= maxKeys; full {
			return nil
		}
		was = maps.Clone(s.passkeys)
		keys := []webauthn.Credential{made}
		if x := s.passkeys[handle]; x != nil && !anew {
			keys = append(slices.Clone(x.Keys), made)
		}
		s.passkeys[handle] = &owner{Officer: o.Officer, Name: o.Name, Keys: keys}
		return s.passkeys
	}); err != nil {
		s.mu.Lock()
		s.passkeys = was
		s.mu.Unlock()
		return hint.New("make room on the disk, then ask for another slip", "the passkey could not be kept")
	}
	if full {
		return hint.New("take some away: parley officer invite --anew, or end officers who have left", "this page keeps no more passkeys than %d", maxKeys)
	}
	return nil
}

// askForOfficer begins a sign-on: whoever has a passkey of this page shows it. SPEC: PAG-072
func (s *Server) askForOfficer(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.posted(w, r); !ok {
		return
	}
	err := s.named(r)
	var options *protocol.CredentialAssertion
	var data *webauthn.SessionData
	if err == nil {
		options, data, err = s.rp.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	}
	if err == nil {
		s.under(ceremony{data: *data})
	}
	s.reply(w, r, options, err)
}

// shownPasskey signs an officer on who showed his. SPEC: PAG-072 PAG-073
func (s *Server) shownPasskey(w http.ResponseWriter, r *http.Request) {
	b, ok := s.posted(w, r)
	if !ok {
		return
	}
	p, err := protocol.ParseCredentialRequestResponseBody(bytes.NewReader(b))
	var c ceremony
	if err == nil {
		c, ok = s.over(p.Response.CollectedClientData.Challenge)
	}
	if err != nil || !ok || c.owner != nil {
		s.no(w, r, "a passkey that was not asked for", err)
		return
	}
	var o *owner
	_, shown, err := s.rp.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		x := s.passkeys[b64.EncodeToString(handle)]
		if x == nil {
			return nil, hint.New("", "this page does not know it")
		}
		o = &owner{Officer: x.Officer, Name: x.Name, Keys: slices.Clone(x.Keys), handle: handle}
		return o, nil
	}, c.data, p)
	if err != nil {
		s.no(w, r, "a passkey that opens nothing", err)
		return
	}
	if shown.Authenticator.CloneWarning { // its counter went back: there is a copy
		s.no(w, r, "a passkey whose counter went back", nil)
		return
	}
	s.counted(o, shown)
	s.signOn(w, r, o)
}

// counted keeps how far a passkey has counted.
func (s *Server) counted(o *owner, shown *webauthn.Credential) {
	_ = s.change(keptPasskeys, func() any {
		x := s.passkeys[b64.EncodeToString(o.handle)]
		if x == nil {
			return nil
		}
		i := slices.IndexFunc(x.Keys, func(k webauthn.Credential) bool { return bytes.Equal(k.ID, shown.ID) })
		if i < 0 || x.Keys[i].Authenticator.SignCount == shown.Authenticator.SignCount {
			return nil
		}
		x.Keys[i].Authenticator.SignCount, x.Keys[i].Flags = shown.Authenticator.SignCount, shown.Flags
		return s.passkeys
	})
}

// no refuses a ceremony; why exactly is the log's.
func (s *Server) no(w http.ResponseWriter, r *http.Request, why string, err error) {
	s.guard.tell(why, r.RemoteAddr)
	if err != nil {
		s.cfg.Log.Debug("page: passkey", "why", why, "err", err)
	}
	s.reply(w, r, nil, hint.New("try again; a lost passkey is replaced by another slip", "this passkey opens nothing here"))
}

// signOn begins the session of an officer who is one still: at the desk whose browser asks, else at a new one.
func (s *Server) signOn(w http.ResponseWriter, r *http.Request, o *owner) {
	p, err := s.cfg.Node.Staff(o.Officer)
	switch {
	case err != nil:
		s.guard.tell("a passkey of an officer no more", r.RemoteAddr)
	case p.ID == "":
		err = hint.Later("try again in a moment", "the record is being read")
	}
	if err != nil {
		s.reply(w, r, nil, err)
		return
	}
	l := link{Who: act.Who{Officer: p.ID, Known: "passkey"}, Lang: words.Lang(firstLang(r))}
	if d, at := s.deskHere(r); at {
		l.Desk, l.Who.Desk, l.Who.Stays = d.ID, d.Name, true
	} else {
		l.Who.Desk = seated(act.Who{}).Desk
	}
	http.SetCookie(w, s.begin(r, l))
	b, _ := json.Marshal(p.Name) // a text: it cannot fail
	s.reply(w, r, map[string]json.RawMessage{"officer": b}, nil)
}
