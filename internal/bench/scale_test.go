// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/node"
	"example.org/parley/internal/view"
	"example.org/parley/party"
)

// scale is what a node with a long record costs, as a process of its own measured it.
type scale struct {
	Ring, Read    time.Duration            // from the start until a ring is taken, until all is read
	Wait          time.Duration            // the longest that a ring waited meanwhile
	MiB, Exported float64                  // resident, and again after an export
	Views         map[string]time.Duration // medians
	Export        time.Duration
	Statements    int
}

// house is what the process needs to open the record as its party.
type house struct {
	Sign, Link []byte
	Sheets     [2][]byte
	Genesis    []byte
}

// scaleEnv names the directory of a laid record to the process that measures it.
const scaleEnv = "PARLEY_BENCH_RECORD"

// measureScale lays a record of n statements, of them FLASH of the other end that wait, and opens it in a process of its own.
func measureScale(tb testing.TB, n, flash int) (s scale) {
	p := newPair(tb)
	p.flash = flash
	p.seed(n)
	b, err := json.Marshal(house{p.keys[0].Sign, p.keys[0].Link, [2][]byte{p.sheets[0].Note, p.sheets[1].Note}, p.genesis.Note})
	p.check(err)
	p.check(os.WriteFile(filepath.Join(p.dir, "house"), b, 0o600))
	args := []string{"-test.run", "^TestScaleChild$", "-test.v"}
	if f := os.Getenv("PARLEY_SCALE_PROF"); f != "" {
		args = append(args, "-test.cpuprofile", f+".cpu", "-test.memprofile", f+".mem", "-test.memprofilerate", "8192")
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), scaleEnv+"="+p.dir)
	out, err := cmd.CombinedOutput()
	for l := range strings.Lines(string(out)) {
		if j, ok := strings.CutPrefix(l, "scale: "); ok {
			p.check(json.Unmarshal([]byte(j), &s))
		}
	}
	if err != nil || s.Read == 0 {
		tb.Fatalf("%v: %s", err, out)
	}
	return s
}

// TestScaleChild is the process that measureScale starts.
func TestScaleChild(t *testing.T) {
	dir := os.Getenv(scaleEnv)
	if dir == "" {
		t.Skip("make bench")
	}
	p := newPair(t)
	p.dir = dir
	var h house
	b, err := os.ReadFile(filepath.Join(dir, "house"))
	p.check(err)
	p.check(json.Unmarshal(b, &h))
	p.keys[0].Sign, p.keys[0].Link = h.Sign, h.Link
	for i := range p.sheets {
		p.sheets[i], err = party.ParseSheet(h.Sheets[i])
		p.check(err)
	}
	p.genesis, err = party.ParseGenesis(h.Genesis)
	p.check(err)
	p.who[0] = act.Who{Desk: "watch", Account: names[0]}
	s := scale{Views: map[string]time.Duration{}}
	began := time.Now()
	node.Frugal() // as serve does
	n := node.Open(p.config(0))
	defer n.Close()
	p.nodes[0] = n
	for _, a := range []act.Act{act.Ring{}, act.SendStop{}} {
		if _, err := n.Do(t.Context(), p.who[0], "en", a); err != nil && !strings.Contains(err.Error(), "line") {
			t.Fatal(err)
		}
	}
	s.Ring = time.Since(began)
	read := make(chan error, 1)
	go func() { read <- n.Read(t.Context()) }()
	for s.Read == 0 {
		select {
		case err := <-read:
			p.check(err)
			s.Read = time.Since(began)
		case <-time.After(5 * time.Millisecond):
		}
		asked := time.Now()
		_, _ = n.Do(t.Context(), p.who[0], "en", act.Ring{}) // refused, since no peer is there
		s.Wait = max(s.Wait, time.Since(asked))
	}
	time.Sleep(2 * time.Second)
	s.MiB = resident(t, os.Getpid())
	if f := os.Getenv("PARLEY_SCALE_PROF"); f != "" {
		w, err := os.Create(f + ".heap")
		p.check(err)
		p.check(errors.Join(pprof.Lookup("heap").WriteTo(w, 0), w.Close()))
	}
	began = time.Now()
	p.check(p.do(0, act.Export).File(io.Discard))
	s.Export = time.Since(began)
	time.Sleep(2 * time.Second)
	s.Exported = resident(t, os.Getpid())
	for _, a := range []act.Act{act.Inbox, act.Status, act.ReadLog{}} {
		s.Views[a.Verb()] = median(timed(9, func() { p.do(0, a) }))
	}
	s.Views["page"] = median(timed(9, func() { n.View("en", "watch") }))
	var log view.Desk
	if v, ok := p.do(0, act.ReadLog{Last: 1 << 20}).Data.(view.Desk); ok {
		log = v
	}
	s.Statements = len(log.Log)
	b, err = json.Marshal(s)
	p.check(err)
	fmt.Printf("scale: %s\n", b)
}

func timed(n int, f func()) (all []time.Duration) {
	for range n {
		began := time.Now()
		f()
		all = append(all, time.Since(began))
	}
	return all
}

// resident is the resident size of a process in MiB.
func resident(tb testing.TB, pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		tb.Fatal(err)
	}
	for l := range strings.Lines(string(b)) {
		var kib float64
		if n, _ := fmt.Sscanf(l, "VmRSS: %f kB", &kib); n == 1 {
			return kib / 1024
		}
	}
	return 0
}

// TestScale prints what a long record costs: PARLEY_SCALE=100000, and PARLEY_FLASH of them.
func TestScale(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("PARLEY_SCALE"))
	if err != nil {
		t.Skip("make bench")
	}
	flash, _ := strconv.Atoi(os.Getenv("PARLEY_FLASH"))
	t.Logf("%+v", measureScale(t, n, flash))
}
