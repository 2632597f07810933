// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"crypto/ed25519"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/parley/internal/act"
	"example.org/parley/internal/node"
	"example.org/parley/internal/view"
	"example.org/parley/verify"
)

// slowest keeps the longest step that a node's log tells of.
type slowest struct {
	mu   sync.Mutex
	took time.Duration
}

func (*slowest) Enabled(context.Context, slog.Level) bool { return true }
func (s *slowest) WithAttrs([]slog.Attr) slog.Handler     { return s }
func (s *slowest) WithGroup(string) slog.Handler          { return s }
func (s *slowest) Handle(_ context.Context, r slog.Record) error {
	if r.Message == node.Slow {
		r.Attrs(func(a slog.Attr) bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.took = max(s.took, a.Value.Duration())
			return true
		})
	}
	return nil
}

// refill is what it costs a node that lost its disk to take a record of n statements from the other end: until all is
// there, the longest step of its loop, until a FLASH of the peer stands on its desk meanwhile; and to verify its export.
type refill struct {
	all, step, flash, verify time.Duration
	cpu, verifyCPU           time.Duration // of this process, which a busy machine does not lengthen
}

// cpu is the processor time of this process so far.
func cpu() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measureRefill lays a record of n statements, takes it from one end and lets it come again, with a FLASH beside it.
func measureRefill(tb testing.TB, n int) (r refill) {
	p := newPair(tb)
	p.seed(n)
	p.check(os.RemoveAll(filepath.Dir(p.db(1))))
	p.check(os.MkdirAll(filepath.Dir(p.db(1)), 0o700))
	steps := &slowest{}
	for i := range p.nodes {
		c := p.config(i)
		if i == 1 {
			c.Log = slog.New(steps)
		}
		p.nodes[i] = node.Open(c)
		tb.Cleanup(func() { p.nodes[i].Close() })
		p.check(p.nodes[i].Read(context.Background()))
		p.who[i] = act.Who{Desk: "watch", Account: names[i]}
	}
	on := p.do(0, act.SignOn{})
	p.who[0].Officer, p.who[0].Known = on.ID, "account"
	last := map[string]string{} // the newest statement of each party
	if v, ok := p.do(0, act.ReadLog{Last: 20}).Data.(view.Desk); ok {
		for _, row := range v.Log {
			if last[row.Party] == "" {
				last[row.Party] = row.ID
			}
		}
	}
	p.until(1, 20*time.Second, func(v view.Desk) bool { return len(v.Log) > 0 })
	began, spent := time.Now(), cpu()
	flash := p.do(0, act.Send{Kind: "warning", Precedence: "FLASH", Text: "Turn back."})
	r.flash = p.until(1, time.Minute, func(v view.Desk) bool {
		return slices.ContainsFunc(v.Messages, func(m view.Message) bool { return m.ID == flash.ID })
	}).Sub(began)
	for _, id := range last {
		for !p.has(id) {
			time.Sleep(5 * time.Millisecond)
		}
	}
	r.all, r.step, r.cpu = time.Since(began), steps.took, cpu()-spent
	f, err := os.Create(filepath.Join(p.dir, "export"))
	p.check(err)
	defer f.Close()
	p.check(p.do(0, act.Export).File(f))
	_, err = f.Seek(0, io.SeekStart)
	p.check(err)
	began, spent = time.Now(), cpu()
	if rep := verify.Verify(f, verify.Expected{}); rep.Verdict != verify.Holds {
		tb.Errorf("the export does not hold: %v %v", rep.Wrong, rep.Unknown)
	}
	r.verify, r.verifyCPU = time.Since(began), cpu()-spent
	return r
}

// has reports whether the second node holds a statement.
func (p *pair) has(id string) bool {
	_, err := p.nodes[1].Do(context.Background(), p.who[1], "en", act.Show{ID: id})
	return err == nil
}

// bareChecks is how long n signatures take on all processors, and nothing else.
func bareChecks(tb testing.TB, n int) time.Duration {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		tb.Fatal(err)
	}
	text := make([]byte, 700)
	sig := ed25519.Sign(key, text)
	const some = 4000
	began := time.Now()
	var w sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		w.Go(func() {
			for range some {
				if !ed25519.Verify(pub, text, sig) {
					panic("a signature does not hold")
				}
			}
		})
	}
	w.Wait()
	return time.Since(began) * time.Duration(n) / time.Duration(some*runtime.GOMAXPROCS(0))
}

// bareCPU is the processor time of n signatures.
func bareCPU(tb testing.TB, n int) time.Duration {
	spent := cpu()
	bareChecks(tb, 0)
	return (cpu() - spent) * time.Duration(n) / time.Duration(4000*runtime.GOMAXPROCS(0))
}

// TestRefill prints what a refill costs: PARLEY_SCALE=100000.
func TestRefill(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("PARLEY_SCALE"))
	if err != nil {
		t.Skip("make bench")
	}
	r := measureRefill(t, n)
	t.Logf("processor time: refill %.2f, verify %.2f of the bare checks", float64(r.cpu)/float64(bareCPU(t, refillChecks(n))), float64(r.verifyCPU)/float64(bareCPU(t, 2*n)))
	t.Logf("%+v: refill %.2f, verify %.2f of the bare checks", r, float64(r.all)/float64(bareChecks(t, refillChecks(n))), float64(r.verify)/float64(bareChecks(t, 2*n)))
}

// refillChecks is how many signatures a refill checks: every statement, and their receipts of the half that is ours.
func refillChecks(n int) int { return n + n/2 }
