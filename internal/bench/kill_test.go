// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
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
	"example.org/parley/internal/link/linktest"
	"example.org/parley/internal/story"
	"example.org/parley/internal/view"
)

// binary is the one that make has built, or one that is built now.
var binary = sync.OnceValues(func() (string, error) {
	if bin := os.Getenv("PARLEY_BIN"); bin != "" {
		return bin, nil
	}
	dir, err := os.MkdirTemp("", "parley-bench-")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "parley")
	out, err := exec.Command("go", "build", "-trimpath", "-o", bin, "example.org/parley/cmd/parley").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("couldn't build: %w: %s", err, out)
	}
	return bin, nil
})

// newWorld is two nodes as processes, paired, with an officer at an armed desk of each.
func newWorld(tb testing.TB) *story.World {
	tb.Helper()
	bin, err := binary()
	if err != nil {
		tb.Fatal(err)
	}
	var log io.Writer = io.Discard
	if os.Getenv("PARLEY_LOG") != "" {
		log = os.Stderr
	}
	w := &story.World{Dir: tb.TempDir(), Bin: bin, Log: log, Patience: 5 * time.Minute}
	err = w.Make()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(w.Close)
	if err := w.Play(context.Background(), func(story.Scene) {}, story.Seat); err != nil {
		tb.Fatal(err)
	}
	return w
}

// facts is what people were told and shown: "A1-7" is on record, "A1-7 held" has the peer's receipt.
type facts struct {
	mu sync.Mutex
	m  map[string]bool
}

func (f *facts) learn(s ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range s {
		f.m[s] = true
	}
}

// streams are people at a side's desk who state without a pause until its node is gone, and one who looks.
func streams(w *story.World, s *story.Site, rnd *rand.Rand, f *facts, wg *sync.WaitGroup, over <-chan struct{}) {
	for i := range 3 {
		seed := rnd.Uint64()
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(i)))
			for n := 0; ; n++ {
				select {
				case <-over:
					return
				case <-time.After(time.Duration(rnd.IntN(4000)) * time.Microsecond):
				}
				var a act.Act = act.Send{Kind: "information", Text: fmt.Sprintf("Number %d of %d", n, i)}
				switch {
				case i == 0 && rnd.IntN(3) == 0:
					a = act.Send{Kind: "warning", Precedence: "FLASH", Text: fmt.Sprintf("Number %d", n)}
				case i == 1 && rnd.IntN(4) == 0:
					a = act.Ack{ID: theirs(w, s), Read: "original"}
				}
				r, err := w.Act(s, a)
				if err == nil {
					f.learn(r.ID)
				} else if s.Pid() == 0 {
					return
				}
			}
		})
	}
	wg.Go(func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(20 * time.Millisecond):
			}
			rows, err := rowsOf(w, s, 60)
			if err != nil && s.Pid() == 0 {
				return
			}
			f.learn(shown(rows)...)
		}
	})
}

// theirs is the newest message of the other party.
func theirs(w *story.World, s *story.Site) string {
	rows, _ := rowsOf(w, s, 30)
	for _, r := range rows {
		if r.Party != s.Name && strings.HasPrefix(r.Kind, "message.i") {
			return r.ID
		}
	}
	return ""
}

func rowsOf(w *story.World, s *story.Site, last int) ([]view.LogRow, error) {
	r, err := w.Act(s, act.ReadLog{Last: last})
	if err != nil {
		return nil, err
	}
	var v view.Desk
	err = json.Unmarshal(r.Data.(json.RawMessage), &v)
	return v.Log, err
}

func shown(rows []view.LogRow) (out []string) {
	for _, r := range rows {
		out = append(out, r.ID)
		if r.State == "held" {
			out = append(out, r.ID+" held")
		}
	}
	return out
}

const everything = 1 << 20

// killRounds kills one node or both at random instants while acts stream in at both, starts it with both
// cables out, and looks whether it still knows what it said: to a person, by an answer or a view, and to the
// peer, who holds its statements and has its receipts. It gives what was lost, and how many facts were held to.
func killRounds(tb testing.TB, rounds int) (lost []string, held int) {
	tb.Helper()
	w := newWorld(tb)
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("PARLEY_SEED"), 10, 64); err == nil {
		seed = s
	}
	tb.Logf("PARLEY_SEED=%d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	for round := range rounds {
		known := [2]*facts{{m: map[string]bool{}}, {m: map[string]bool{}}}
		over := make(chan struct{})
		var wg sync.WaitGroup
		for i, s := range w.Sites {
			streams(w, s, rnd, known[i], &wg, over)
		}
		time.Sleep(time.Duration(50+rnd.IntN(500)) * time.Millisecond)
		v := rnd.IntN(2)
		w.Kill(w.Sites[v])
		both := rnd.IntN(3) == 0
		if both {
			time.Sleep(time.Duration(rnd.IntN(20_000)) * time.Microsecond)
			w.Kill(w.Sites[1-v])
		}
		close(over)
		wg.Wait()
		for _, c := range w.Cables {
			c.Cut(linktest.Both) // nobody gives it back what it lost
		}
		if both {
			must(w.Start(w.Sites[1-v]))
		}
		// What the other end holds of the victim's, or has the victim's receipt for, the victim has said.
		rows, err := rowsOf(w, w.Sites[1-v], everything)
		must(err)
		for _, r := range rows {
			if r.Party == w.Sites[v].Name || r.State == "held" {
				known[v].learn(r.ID)
			}
		}
		must(w.Start(w.Sites[v]))
		for i, s := range w.Sites {
			rows, err := rowsOf(w, s, everything)
			must(err)
			now := map[string]bool{}
			for _, f := range shown(rows) {
				now[f] = true
			}
			for f := range known[i].m {
				if held++; f != "" && !now[f] {
					lost = append(lost, fmt.Sprintf("round %d: %s does not know %s any more", round, s.Name, f))
				}
			}
		}
		for _, c := range w.Cables {
			c.Restore(linktest.Both)
		}
		must(agree(w))
	}
	for _, s := range w.Sites {
		file := filepath.Join(w.Dir, s.Name+".parley")
		_, err := w.Exec(s, "export", file)
		must(err)
		out, err := w.Exec(s, "verify", file)
		if err != nil || !strings.Contains(out, "HOLDS") || strings.Contains(out, "NOT HOLD") {
			lost = append(lost, fmt.Sprintf("%s's export: %s", s.Name, out))
		}
	}
	return lost, held
}

// agree waits until both ends hold the same statements, each with its receipt, and gives up when looks one after another have shown
// nothing new.
func agree(w *story.World) error {
	var sizes [2]int
	held, was := 0, -1
	for still := 0; still < 600; time.Sleep(50 * time.Millisecond) {
		if still++; held != was {
			still = 0
		}
		was, held = held, 0
		whole := true
		for i, s := range w.Sites {
			rows, err := rowsOf(w, s, everything)
			if err != nil {
				return err
			}
			sizes[i] = len(rows)
			held += len(rows)
			for _, r := range rows {
				if r.State == "held" {
					held++
				}
				whole = whole && (r.State == "held" || r.Party != s.Name)
			}
		}
		if whole && sizes[0] == sizes[1] {
			return nil
		}
	}
	return fmt.Errorf("the ends do not come together: %d and %d statements", sizes[0], sizes[1])
}

// Nodes killed as processes, at random instants in the middle of commits: three rounds with every test,
// twenty in the bench, more in a soak.
// SPEC: NOD-001 STO-001 EXC-004
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("real processes")
	}
	lost, held := killRounds(t, 3)
	for _, l := range lost {
		t.Error(l)
	}
	t.Logf("%d facts told, shown or receipted are there after a kill", held)
}

func TestSoakKill(t *testing.T) {
	if os.Getenv("PARLEY_SOAK") == "" {
		t.Skip("make soak")
	}
	for i := range 10 { // of twenty each: what a round costs grows with the record
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			began := time.Now()
			lost, held := killRounds(t, 20)
			for _, l := range lost {
				t.Error(l)
			}
			t.Logf("%d facts, %v a round", held, time.Since(began)/20)
		})
	}
}

// startRounds kills a node that starts, again and again at random instants of its start. Now and then it may come up: then it
// knows all that it ever said, takes more, and the ends come together.
func startRounds(t *testing.T, rounds int) {
	w := newWorld(t)
	a, known := w.Sites[0], map[string]bool{}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	state := func() {
		for range 5 {
			r, err := w.Act(a, act.Send{Kind: "information", Text: "Stated between two starts"})
			must(err)
			known[r.ID] = true
		}
	}
	state()
	w.Kill(a)
	began := time.Now()
	must(w.Start(a))
	takes := time.Since(began) // here, now
	w.Kill(a)
	for round := range rounds {
		after := rand.N(takes)
		if done, err := killed(w, after, "--home", a.Home.Dir, "serve", "--page-host", a.Host); done {
			t.Fatalf("round %d: the node ended by itself: %v", round, err)
		}
		if round%10 != 9 && round != rounds-1 {
			continue
		}
		must(w.Start(a))
		rows, err := rowsOf(w, a, everything)
		must(err)
		now := map[string]bool{}
		for _, r := range rows {
			now[r.ID] = true
		}
		for id := range known {
			if !now[id] {
				t.Errorf("round %d: %s is not known any more", round, id)
			}
		}
		state()
		must(agree(w))
		t.Logf("%d starts were killed, the last after %v of %v: %d statements are there", round+1, after, takes, len(rows))
		if round != rounds-1 {
			w.Kill(a)
		}
	}
	for _, s := range w.Sites {
		file := filepath.Join(t.TempDir(), s.Name+".parley")
		_, err := w.Exec(s, "export", file)
		must(err)
		if out, err := w.Exec(s, "verify", file); err != nil || !strings.Contains(out, "HOLDS") || strings.Contains(out, "NOT HOLD") {
			t.Errorf("%s's export: %v %s", s.Name, err, out)
		}
	}
}

// SPEC: NOD-002 NOD-014
func TestAStartIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("real processes")
	}
	startRounds(t, 3) // two hundred in a soak
}

func TestSoakAStartIsKilled(t *testing.T) {
	if os.Getenv("PARLEY_SOAK") == "" {
		t.Skip("make soak")
	}
	startRounds(t, 200)
}
