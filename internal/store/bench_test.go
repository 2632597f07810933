// SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/parley/internal/store/storetest"
)

// BenchmarkCommit prints the store's rate as a ratio to a raw write and fdatasync of the same bytes into a
// preallocated file on the same disk, measured in the same run; n writers wait together.
func BenchmarkCommit(b *testing.B) {
	run := func(name string, n int, o func() Options) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			s := open(b, filepath.Join(b.TempDir(), "record.db"), o())
			warm := newWriters(s)
			warm.run(n, 64)
			b.ResetTimer()
			took := warm.run(n, b.N)
			b.StopTimer()
			raw := rawRate(b, n, min(b.N/n+1, 300))
			rate := float64(b.N) / took.Seconds()
			b.ReportMetric(rate/raw, "of-raw")
			b.ReportMetric(rate, "rows/s")
		})
	}
	for _, n := range []int{1, 64} {
		run(fmt.Sprintf("writers=%d", n), n, func() Options { return Options{} })
	}
	for name, standby := range map[string]bool{"postgres": false, "standby": true} {
		run(name, 1, func() Options {
			p := storetest.Primary(b, standby)
			if standby {
				p.Standby(b)
			}
			return Options{Postgres: storetest.URL(p), Name: "aurelia/1"}
		})
	}
}

// writers are people who each wait for their own row.
type writers struct {
	s       *Store
	mu      sync.Mutex
	seq     uint64
	waiting map[uint64]chan struct{}
	done    uint64
}

func newWriters(s *Store) *writers {
	w := &writers{s: s, waiting: map[uint64]chan struct{}{}}
	go func() {
		for {
			select {
			case c := <-s.Durable():
				w.mu.Lock()
				for w.done < c.UpTo {
					w.done++
					close(w.waiting[w.done])
					delete(w.waiting, w.done)
				}
				w.mu.Unlock()
			case <-s.done:
				return
			}
		}
	}()
	return w
}

func (w *writers) run(n, total int) time.Duration {
	start := time.Now()
	var wg sync.WaitGroup
	for i := range n {
		share := total / n
		if i < total%n {
			share++
		}
		r := entry(i)
		wg.Go(func() {
			for range share {
				w.mu.Lock()
				w.seq++
				ch := make(chan struct{})
				w.waiting[w.seq] = ch
				w.s.Append(w.seq, []Row{r})
				w.mu.Unlock()
				<-ch
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// rawRate is rows a second of n rows a write into a file whose blocks are there.
func rawRate(b *testing.B, n, rounds int) float64 {
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	buf := make([]byte, n*500)
	if err := writeZeros(f, int64(len(buf)*rounds)); err != nil {
		b.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	for i := range rounds {
		if _, err := f.WriteAt(buf, int64(i*len(buf))); err != nil {
			b.Fatal(err)
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n*rounds) / time.Since(start).Seconds()
}
