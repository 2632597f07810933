// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/home"
	"example.org/parley/internal/store/storetest"
	"example.org/parley/internal/story"
)

// A record moves from its file into PostgreSQL; the database's machine is lost, and its standby promoted; then the node's
// machine is replaced by another one with the same home, while the first one still runs. Nothing that was stated is lost,
// the other end sees no fork, and the first node ends.
//
// SPEC: STO-020 STO-021 STO-022 STO-023 NOD-043
func TestAStationOutlivesItsMachines(t *testing.T) {
	if testing.Short() {
		t.Skip("real processes")
	}
	primary := storetest.Primary(t, true)
	standby := primary.Standby(t)
	w := newWorld(t)
	a := w.Sites[0]
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	l, err := a.Home.Load("north")
	must(err)
	theirs, err := w.Sites[1].Home.Load("north")
	must(err)
	said := func(on *story.Site, text string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			if _, err := w.Act(on, act.Send{Kind: "information", Text: text}); err == nil {
				break
			} else if time.Now().After(end) {
				t.Fatalf("%s: %v", text, err)
			}
		}
	}
	said(a, "In the file")
	must(agree(w))
	w.Kill(a)
	config := filepath.Join(l.Dir, "config.toml")
	must(home.WriteFile(config, []byte(`store = "`+storetest.URL(primary, standby)+"\"\n"+string(mustRead(t, config)))))
	must(w.Start(a))
	said(a, "In the database")
	if _, err := os.Stat(l.DB()); !os.IsNotExist(err) {
		t.Fatalf("the file is still there: %v", err)
	}
	must(agree(w))
	primary.Kill()
	standby.Promote(t)
	said(a, "On the standby")
	must(agree(w))
	file := filepath.Join(t.TempDir(), "aurelia.backup")
	must(os.Chmod(filepath.Dir(file), 0o700))
	_, err = w.Exec(a, "backup", file)
	must(err)

	second := &story.Site{Home: home.Home{Dir: filepath.Join(t.TempDir(), "second")}}
	if done, err := killed(w, time.Minute, "--home", second.Home.Dir, "restore", file); !done || err != nil {
		t.Fatalf("the backup of a record in the database: %v", err)
	}
	copied, err := second.Home.Load("north")
	must(err)
	elsewhere(t, copied, theirs)
	began := time.Now()
	must(w.Start(second))
	defer w.Kill(second)
	said(second, "By the second machine")
	for held := ""; !strings.Contains(held, "By the second machine"); time.Sleep(20 * time.Millisecond) {
		if held, _ = w.Exec(w.Sites[1], "log"); time.Since(began) > time.Minute {
			t.Fatalf("the other end never heard of the second machine:\n%s", held)
		}
	}
	t.Logf("figure: the second machine was heard after %v (10 s)", time.Since(began).Round(time.Millisecond))
	out := ""
	for end := time.Now().Add(time.Minute); !strings.Contains(out, "out of service"); time.Sleep(20 * time.Millisecond) {
		o, err := w.Exec(a, "status")
		if out = o; err != nil {
			out += err.Error()
		}
		if time.Now().After(end) {
			t.Fatalf("the first node goes on: %s", out)
		}
	}
	w.Kill(a)
	log, err := w.Exec(second, "log")
	must(err)
	for _, text := range []string{"In the file", "In the database", "On the standby", "By the second machine"} {
		if strings.Count(log, text) != 1 {
			t.Errorf("%q stands %d times in the record", text, strings.Count(log, text))
		}
	}
	export := filepath.Join(t.TempDir(), "north.parley")
	_, err = w.Exec(second, "export", export)
	must(err)
	if said, err := w.Exec(second, "verify", export); err != nil || !strings.Contains(said, "HOLDS") || strings.Contains(said, "NOT HOLD") {
		t.Errorf("the export: %v %s", err, said)
	}
}
