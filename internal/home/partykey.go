// SPDX-License-Identifier: Apache-2.0

package home

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"

	"example.org/parley/hint"
	"example.org/parley/party"
)

// The party key signs sheets and nothing else, so a node can do without it: it lies elsewhere, under a passphrase. What would be
// the next issue then waits, unsigned, in sheet.unsigned, with the paths that go with it in config.next.

const (
	minPassphrase = 12
	maxWork       = 20 // of scrypt, as a power of two: what a file may make us do
)

// SealKey puts the party key into a file under a passphrase, reads it back, and removes it here.
//
// SPEC: SHT-014
func (l *Line) SealKey(file, passphrase string) error {
	if l.Keys.Party == nil {
		return hint.New("it is where it was sealed to", "the party key is not in this home")
	}
	if l.Genesis == nil {
		return hint.New("pair first: a sheet may have to be made anew until then", "this line is not paired yet")
	}
	if len(passphrase) < minPassphrase {
		return hint.Usage("some words that nobody guesses, and that you can type", "a passphrase has at least %d characters", minPassphrase)
	}
	to, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return fmt.Errorf("couldn't seal the party key: %w", err)
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to)
	if err == nil {
		_, err = w.Write(party.EncodeSecret("party", l.Keys.Party))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return fmt.Errorf("couldn't seal the party key: %w", err)
	}
	if _, err := os.Lstat(file); err == nil {
		return hint.New("choose another name: nothing is overwritten", "%s is already there", file)
	}
	if err := WriteFile(file, b.Bytes()); err != nil {
		return err
	}
	back, err := os.ReadFile(file)
	if err == nil {
		_, err = OpenKey(back, passphrase)
	}
	if err != nil {
		return fmt.Errorf("couldn't read the sealed key back, it stays here: %w", err)
	}
	name := filepath.Join(l.Dir, "party.key")
	if f, err := os.OpenFile(name, os.O_WRONLY, 0); err == nil {
		_, err = f.Write(make([]byte, len(party.EncodeSecret("party", l.Keys.Party))))
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return fmt.Errorf("couldn't overwrite the party key: %w", err)
		}
	}
	if err := os.Remove(name); err != nil {
		return fmt.Errorf("couldn't remove the party key: %w", err)
	}
	return SyncDir(l.Dir)
}

// OpenKey gives the party key of a file that SealKey made.
func OpenKey(file []byte, passphrase string) (ed25519.PrivateKey, error) {
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, hint.New("its passphrase", "the key file cannot be opened: %v", err)
	}
	id.SetMaxWorkFactor(maxWork)
	r, err := age.Decrypt(bytes.NewReader(file), id)
	if err != nil {
		return nil, hint.New("its passphrase; or another file: parley key seal made it", "the key file cannot be opened with this passphrase")
	}
	b, err := io.ReadAll(io.LimitReader(r, maxFile))
	if err != nil {
		return nil, fmt.Errorf("couldn't open the key file: %w", err)
	}
	return party.DecodeSecret("party", b)
}

// Unsigned is the file in which the next issue of our sheet waits for its signature.
func (l *Line) Unsigned() string { return filepath.Join(l.Dir, "sheet.unsigned") }

// await leaves the next issue unsigned.
//
// SPEC: SHT-015
func (l *Line) await(next *party.Sheet, c Config) error {
	salt, err := party.Draw(rand.Reader)
	if err != nil {
		return err
	}
	next.PartyKey = l.Ours.PartyKey
	b, err := next.Draft(salt)
	if err != nil {
		return err
	}
	return l.writeAll(file{"config.next", c.encode()}, file{"sheet.unsigned", b})
}

// waiting refuses a further issue while one waits for its signature.
func (l *Line) waiting() error {
	if _, err := os.Stat(l.Unsigned()); err != nil {
		return nil
	}
	return hint.New("where the party key is: parley key sign; then here: parley key take FILE, or give it up: parley key take --forget", "the next issue of our sheet waits for its signature")
}

// Forget gives up an issue that waits for its signature.
func (l *Line) Forget() error {
	err := os.Remove(l.Unsigned())
	if errors.Is(err, os.ErrNotExist) {
		return errNoneWaits
	}
	return errors.Join(err, l.settled())
}

var errNoneWaits = hint.New("see: parley path list", "no issue of our sheet waits for its signature")

// settled takes away what went with an issue that waited; without its text the rest means nothing, and is written anew.
func (l *Line) settled() error {
	for _, f := range []string{"sheet.unsigned", "config.next"} {
		if err := os.Remove(filepath.Join(l.Dir, f)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("couldn't remove %s: %w", f, err)
		}
	}
	return SyncDir(l.Dir)
}

// TakeSigned makes an issue that waited ours, now that it is signed. A kill in between is made good by taking it again.
//
// SPEC: SHT-015
func (l *Line) TakeSigned(note []byte) (*party.Sheet, error) {
	b, err := l.read("sheet.unsigned")
	if errors.Is(err, os.ErrNotExist) {
		return nil, errNoneWaits
	}
	var want, s *party.Sheet
	var next Config
	if err == nil {
		want, err = party.ParseDraft(b)
	}
	if err == nil {
		if b, err = l.read("config.next"); err == nil {
			next, err = DecodeConfig(b)
		}
	}
	if err != nil {
		return nil, err
	}
	if s, err = party.ParseSheet(note); err != nil {
		return nil, hint.New("parley key sign prints it: > FILE", "%v", err)
	}
	if !bytes.Equal(s.Text(), want.Text()) {
		return nil, hint.New("sign the one that waits: parley key sign", "this is not the issue that waits for its signature")
	}
	if s.Hash != l.Ours.Hash {
		if err := s.Follows(l.Ours); err != nil {
			return nil, hint.New("give it up, and make it anew: parley key take --forget", "%v", err)
		}
	}
	c := l.Config
	c.Paths = next.Paths
	if err := l.writeAll(file{fmt.Sprintf("sheet.ours.%d", s.Issue), s.Note}, file{"config.toml", c.encode()}); err != nil {
		return s, err
	}
	return s, l.settled()
}

// Issued reports whether an issue of our sheet is on disk that was made beside us.
func (l *Line) Issued() bool {
	_, err := os.Stat(filepath.Join(l.Dir, fmt.Sprintf("sheet.ours.%d", l.Ours.Issue+1)))
	return err == nil
}
