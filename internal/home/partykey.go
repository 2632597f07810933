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
	"slices"

	"filippo.io/age"
	"golang.org/x/sys/unix"

	"example.org/parley/hint"
	"example.org/parley/party"
)

// The party key signs sheets and nothing else, so a node can do without it: it lies elsewhere, under a passphrase. What would be
// the next issue then waits, unsigned, in sheet.unsigned, with the paths that go with it in config.next and its keys, where they are
// new, in sign.key.unsigned and link.key.unsigned.

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
	back, err := fromDisk(file)
	if err == nil {
		_, err = OpenKey(back, passphrase)
	}
	if err != nil {
		return fmt.Errorf("couldn't read the sealed key back, it stays here: %w", err)
	}
	if err := os.Rename(filepath.Join(l.Dir, "party.key"), l.Sealed()); err != nil {
		return fmt.Errorf("couldn't remove the party key: %w", err)
	}
	if err := SyncDir(l.Dir); err != nil {
		return fmt.Errorf("couldn't remove the party key: %w", err)
	}
	return l.wipe()
}

// Sealed is the file of a party key that was sealed, until it is overwritten and removed.
func (l *Line) Sealed() string { return filepath.Join(l.Dir, "party.key.gone") }

// wipe overwrites and removes a party key that was sealed, where there is one; a power cut may leave one, which the next Load wipes.
//
// SPEC: SHT-014
func (l *Line) wipe() error {
	f, err := os.OpenFile(l.Sealed(), os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		_, err = f.Write(make([]byte, 1024)) // longer than any key
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err == nil {
		err = os.Remove(l.Sealed())
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return hint.New("", "couldn't overwrite the party key, which is sealed: %v", err).Way("remove %s", l.Sealed())
	}
	return SyncDir(l.Dir)
}

// fromDisk reads a file that was flushed from the disk itself, and not from the memory of the system that still has it.
func fromDisk(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // a file system in memory has no other
	return io.ReadAll(io.LimitReader(f, maxFile))
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

// draft is the next issue as it waits unsigned.
//
// SPEC: SHT-015
func (l *Line) draft(next *party.Sheet) ([]byte, error) {
	salt, err := party.Draw(rand.Reader)
	if err != nil {
		return nil, err
	}
	next.PartyKey = l.Ours.PartyKey
	return next.Draft(salt)
}

// awaited is the issue that waits for its signature.
func (l *Line) awaited() (*party.Sheet, error) {
	b, err := l.read("sheet.unsigned")
	if errors.Is(err, os.ErrNotExist) {
		return nil, errNoneWaits
	}
	if err != nil {
		return nil, err
	}
	return party.ParseDraft(b)
}

// Ending is how many sign keys the issue that waits ends: what we state until it is taken will not stand.
func (l *Line) Ending() int {
	s, err := l.awaited()
	if err != nil {
		return 0
	}
	return len(s.Ends)
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
	for _, f := range []string{"sheet.unsigned", "config.next", "sign.key.unsigned", "link.key.unsigned"} {
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
	want, err := l.awaited()
	if err != nil {
		return nil, err
	}
	var next Config
	b, err := l.read("config.next")
	if err == nil {
		next, err = DecodeConfig(b)
	}
	if err != nil {
		return nil, err
	}
	s, err := party.ParseSheet(note)
	if err != nil {
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
	if !l.holds("sign", s.Sign) || !l.holds("link", s.Link) {
		return nil, hint.New("whoever wrote it may not be you; give it up, and make it anew: parley key take --forget", "its keys are not in this home")
	}
	c := l.Config
	c.Paths = next.Paths
	if err := l.writeAll(file{fmt.Sprintf("sheet.ours.%d", s.Issue), s.Note}, file{"config.toml", c.encode()}); err != nil {
		return s, err
	}
	if err := l.adopt(s); err != nil {
		return s, err
	}
	return s, l.settled()
}

// holds reports whether a key of ours is in this home, in use or waiting.
func (l *Line) holds(role string, named ed25519.PublicKey) bool {
	return slices.ContainsFunc([]string{"", ".next", ".unsigned"}, func(which string) bool {
		k, err := l.key(role, which)
		return err == nil && named.Equal(party.Public(k))
	})
}

// Issued reports whether an issue of our sheet is on disk that was made beside us, or the addresses of the newest, at which we
// do not listen yet.
//
// SPEC: SHT-015
func (l *Line) Issued() bool {
	if _, err := os.Stat(filepath.Join(l.Dir, fmt.Sprintf("sheet.ours.%d", l.Ours.Issue+1))); err == nil {
		return true
	}
	b, err := l.read("config.toml")
	if err != nil {
		return false
	}
	c, err := DecodeConfig(b)
	return err == nil && slices.Equal(c.sheetPaths(), l.Ours.Paths) && !slices.Equal(c.Paths, l.Config.Paths)
}
