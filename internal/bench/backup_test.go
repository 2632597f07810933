// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/home"
	"example.org/parley/internal/story"
)

// killed runs a verb of the binary and ends it as a power cut would after a while; done says that it had ended by itself.
func killed(w *story.World, after time.Duration, argv ...string) (done bool, err error) {
	cmd := exec.Command(w.Bin, argv...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return false, err
	}
	kill := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	err = cmd.Wait()
	if kill.Stop() {
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out.String())
		}
		return true, err
	}
	return false, nil
}

// busy is in how many rounds people go on stating.
const busy = 10

// backupRounds kills backups of a busy node and restores of what they left, at random instants, then loses the machine for
// good: there is no backup or a whole one, no line or all of them, and in the end both ends hold the same, nothing forked.
func backupRounds(t *testing.T, rounds int) {
	w := newWorld(t)
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("PARLEY_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("PARLEY_SEED=%d", seed)
	rnd := rand.New(rand.NewPCG(seed, 7))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	a, file := w.Sites[0], filepath.Join(t.TempDir(), "aurelia.backup")
	must(os.Chmod(filepath.Dir(file), 0o700))
	over := make(chan struct{})
	var wg sync.WaitGroup
	f := &facts{m: map[string]bool{}}
	streams(w, a, rnd, f, &wg, over)
	quiet := sync.OnceFunc(func() { close(over) })
	cut := 0
	var took [2]time.Duration // that a backup and a restore take when nobody kills them
	for round := range rounds {
		if round == busy { // a record that grows all the while makes each round longer than the one before
			quiet()
		}
		began := time.Now()
		after := time.Duration(rnd.Int64N(int64(took[0]+took[0]/4) + 1))
		if round == 0 || round == rounds-1 {
			after = time.Minute
		}
		done, err := killed(w, after, "--home", a.Home.Dir, "backup", file)
		must(err)
		if done {
			took[0] = time.Since(began)
		} else {
			cut++
		}
		st, err := os.Stat(file)
		must(err)
		if st.Mode().Perm() != 0o600 {
			t.Errorf("round %d: mode %v", round, st.Mode())
		}
		to := filepath.Join(t.TempDir(), "home")
		for tries := 0; ; tries++ {
			began, after := time.Now(), time.Duration(rnd.Int64N(int64(took[1])+1))
			if tries > 2 || round == 0 {
				after = time.Minute
			}
			done, err := killed(w, after, "--home", to, "restore", file)
			if err != nil {
				t.Fatalf("round %d: what a backup left cannot be restored: %v", round, err)
			}
			if done {
				took[1] = time.Since(began)
			}
			names, none := home.Home{Dir: to}.Lines()
			if done && len(names) != 1 || none == nil && len(names) > 1 {
				t.Fatalf("round %d: lines %v", round, names)
			}
			if len(names) == 1 {
				if _, err := (home.Home{Dir: to}).Load(names[0]); err != nil {
					t.Fatalf("round %d: half a line: %v", round, err)
				}
				break
			}
		}
		must(os.RemoveAll(to))
	}
	t.Logf("%d of %d backups were killed; one takes %v, a restore %v", cut, rounds, took[0].Round(time.Millisecond), took[1].Round(time.Millisecond))
	// What is stated after the last backup is only at the other end when the machine is lost.
	quiet()
	wg.Wait()
	must(agree(w))
	_, err := w.Act(a, act.Send{Kind: "information", Text: "Stated after the backup"})
	must(err)
	must(agree(w))
	before, err := rowsOf(w, w.Sites[1], everything)
	must(err)
	w.Kill(a)
	must(os.Rename(a.Home.Dir, a.Home.Dir+".lost"))
	began := time.Now()
	_, err = killed(w, time.Minute, "--home", a.Home.Dir, "restore", file)
	must(err)
	must(w.Start(a))
	t.Logf("restored and answering after %v", time.Since(began).Round(time.Millisecond))
	must(agree(w))
	after, err := rowsOf(w, a, everything)
	must(err)
	has := map[string]bool{}
	for _, r := range after {
		has[r.ID] = true
	}
	for _, r := range before {
		if !has[r.ID] {
			t.Errorf("%s was held by the other end and did not come back", r.ID)
		}
	}
	_, err = w.Act(a, act.OfficerAdd{Name: "Lt Nuovo", Langs: []string{"en"}})
	must(err)
	must(agree(w))
	for _, s := range w.Sites {
		until(t, w, s, "A9/restored aurelia")
		out := filepath.Join(t.TempDir(), s.Name+".parley")
		_, err := w.Exec(s, "export", out)
		must(err)
		if said, err := w.Exec(s, "verify", out); err != nil || !strings.Contains(said, "HOLDS") || strings.Contains(said, "NOT HOLD") {
			t.Errorf("%s's export: %v %s", s.Name, err, said)
		}
		if said, err := w.Exec(s, "show", "A2-0"); err != nil || !strings.Contains(said, "opened main restore") {
			t.Errorf("%s: the new log does not say why it was opened: %v %s", s.Name, err, said)
		}
	}
}

// until waits for an alarm of a side.
func until(t *testing.T, w *story.World, s *story.Site, name string) {
	t.Helper()
	out := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if out, _ = w.Exec(s, "alarm", "list"); strings.Contains(out, name) {
			return
		}
	}
	t.Errorf("%s: the alarm %s never came:\n%s", s.Name, name, out)
}

// SPEC: BAK-001 BAK-002 BAK-003 BAK-007 BAK-008
func TestBackupAndRestoreAreKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("real processes")
	}
	backupRounds(t, 10) // sixty in a soak
}

func TestSoakBackupAndRestoreAreKilled(t *testing.T) {
	if os.Getenv("PARLEY_SOAK") == "" {
		t.Skip("make soak")
	}
	backupRounds(t, 60)
}

// A restored backup that runs beside the original is an alarm at both ends, with the time and the addresses.
// SPEC: NOD-015
func TestARestoredBackupBesideTheOriginalAlarmsBothEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("real processes")
	}
	w := newWorld(t)
	a, file := w.Sites[0], filepath.Join(t.TempDir(), "aurelia.backup")
	copied := &story.Site{Home: home.Home{Dir: filepath.Join(t.TempDir(), "copy")}}
	if _, err := w.Exec(a, "backup", file); err != nil {
		t.Fatal(err)
	}
	if done, err := killed(w, time.Minute, "--home", copied.Home.Dir, "restore", file); !done || err != nil {
		t.Fatal(err)
	}
	l, err := copied.Home.Load("north")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := w.Sites[1].Home.Load("north")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere(t, l, theirs)
	if err := w.Start(copied); err != nil {
		t.Fatal(err)
	}
	defer w.Kill(copied)
	for _, s := range w.Sites {
		until(t, w, s, "two nodes speak with the keys of aurelia since")
	}
}

// elsewhere gives a copy of a line other addresses of this machine, straight to the other end's.
func elsewhere(t *testing.T, l, theirs *home.Line) {
	t.Helper()
	config := string(mustRead(t, filepath.Join(l.Dir, "config.toml")))
	for i, p := range l.Config.Paths { // at another address of this machine, and straight to the other end
		bind := strings.Replace(p.Bind, "127.0.0.1", "127.0.0.3", 1)
		config = strings.Replace(config, fmt.Sprintf("bind = %q", p.Bind), fmt.Sprintf("bind = %q\nremote = %q", bind, theirs.Config.Paths[i].Bind), 1)
	}
	config = strings.NewReplacer(l.Config.Page.At, strings.Replace(l.Config.Page.At, "127.0.0.1", "127.0.0.3", 1), l.Config.Edge, strings.Replace(l.Config.Edge, "127.0.0.1", "127.0.0.3", 1)).Replace(config)
	if err := home.WriteFile(filepath.Join(l.Dir, "config.toml"), []byte(config)); err != nil {
		t.Fatal(err)
	}
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
