// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func testKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func pub(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// The second implementation opens what we sign, and we parse what it signs.
func TestNoteIsReadBySumdb(t *testing.T) {
	k := testKey("a")
	text := []byte("parley/v1 statement\nindex 0\n")
	mine, err := SignNote(text, "aurelia/sign", k)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewEd25519VerifierKey("aurelia/sign", pub(k))
	if err != nil {
		t.Fatal(err)
	}
	ver, err := note.NewVerifier(v)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(mine, note.VerifierList(ver))
	if err != nil || n.Text != string(text) {
		t.Fatalf("note.Open: %v", err)
	}
	if Leaf(text) != Hash(tlog.RecordHash(text)) { // SPEC: REC-003
		t.Error("the leaf is not RFC 6962's")
	}
}

// SPEC: REC-001 REC-002
func TestNoteHasOneForm(t *testing.T) {
	k := testKey("a")
	text := "one two\nthree\n"
	good, err := SignNote([]byte(text), "aurelia/sign", k)
	if err != nil {
		t.Fatal(err)
	}
	n, err := ParseNote(good, MaxNote)
	if err != nil || n.Verify("aurelia/sign", pub(k)) != nil {
		t.Fatalf("a good note: %v", err)
	}
	sig := string(good[len(text)+1:])
	b64 := strings.TrimSpace(sig[strings.LastIndex(sig, " ")+1:])
	raw, _ := base64.StdEncoding.DecodeString(b64)
	for name, bad := range map[string]string{
		"empty":                 "",
		"no signature":          text + "\n",
		"no end":                text,
		"empty line in text":    "one\n\nthree\n\n" + sig,
		"begins empty":          "\n\n" + sig,
		"space at an end":       "one \n\n" + sig,
		"space at a beginning":  " one\n\n" + sig,
		"two spaces":            "one  two\n\n" + sig,
		"carriage return":       "one\r\n\n" + sig,
		"tab":                   "one\ttwo\n\n" + sig,
		"bidi mark":             "one\u202etwo\n\n" + sig,
		"byte order mark":       "\ufeffone\n\n" + sig,
		"signature in the text": text + sig + "\n" + sig,
		"signature without LF":  text + "\n" + strings.TrimSuffix(sig, "\n"),
		"more after":            text + "\n" + sig + "x",
		"empty line after":      text + "\n" + sig + "\n",
		"hyphen":                text + "\n" + strings.Replace(sig, "—", "-", 1),
		"another base64":        text + "\n" + strings.Replace(sig, b64, base64.RawURLEncoding.EncodeToString(raw), 1),
		"unused base64 bits":    text + "\n" + strings.Replace(sig, b64, b64[:90]+string(b64[90]+1)+"=", 1),
		"long":                  strings.Repeat("x", MaxText) + "\n\n" + sig,
		"five lines":            text + "\n" + strings.Repeat(sig, 5),
	} {
		if n, err := ParseNote([]byte(bad), 2*MaxNote); err == nil {
			t.Errorf("%s: taken: %d signatures", name, len(n.Sigs))
		}
	}
	if _, err := ParseNote(good, len(good)-1); err == nil {
		t.Error("over the limit: taken")
	}
	twice, err := ParseNote([]byte(text+"\n"+sig+sig), MaxNote)
	if err != nil || twice.Verify("aurelia/sign", pub(k)) == nil {
		t.Errorf("one line twice: %v", err)
	}
	if n.Verify("borealia/sign", pub(k)) == nil || n.Verify("aurelia/sign", pub(testKey("b"))) == nil {
		t.Error("another name or key verifies")
	}
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 1
		if n, err := ParseNote(b, MaxNote); err == nil && n.Verify("aurelia/sign", pub(k)) == nil {
			t.Errorf("byte %d flipped: verifies", i)
		}
	}
}

func TestAddSignatureKeepsTheFirst(t *testing.T) {
	a, b := testKey("a"), testKey("b")
	one, err := SignNote([]byte("parley/v1 genesis\n"), "aurelia/sign", a)
	if err != nil {
		t.Fatal(err)
	}
	two, err := AddSignature(one, "borealia/sign", b)
	if err != nil {
		t.Fatal(err)
	}
	n, err := ParseNote(two, MaxNote)
	if err != nil || len(n.Sigs) != 2 || n.Verify("aurelia/sign", pub(a)) != nil || n.Verify("borealia/sign", pub(b)) != nil {
		t.Fatalf("two signatures: %v", err)
	}
	if _, err := AddSignature(two, "borealia/sign", b); err == nil {
		t.Error("the same name signed twice")
	}
	if k, err := ParseKeyText(KeyText(pub(a))); err != nil || !k.Equal(pub(a)) {
		t.Errorf("key text: %v", err)
	}
}

func FuzzNote(f *testing.F) {
	good, _ := SignNote([]byte("one two\nthree\n"), "aurelia/sign", testKey("a"))
	f.Add(good)
	f.Add([]byte("x\n\n— a AAAA\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := ParseNote(b, MaxNote)
		if err != nil {
			return
		}
		// What is taken has one spelling only.
		out := append(bytes.Clone(n.Text), '\n')
		for _, s := range n.Sigs {
			raw := []byte{byte(s.Key >> 24), byte(s.Key >> 16), byte(s.Key >> 8), byte(s.Key)}
			out = append(out, "— "+s.Name+" "+base64.StdEncoding.EncodeToString(append(raw, s.Sig...))+"\n"...)
		}
		if !bytes.Equal(out, b) {
			t.Errorf("%q read, %q written", b, out)
		}
	})
}
