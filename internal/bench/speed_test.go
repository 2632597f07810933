// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/link"
	"example.org/parley/internal/link/linktest"
	"example.org/parley/internal/node"
	"example.org/parley/internal/store"
	"example.org/parley/internal/view"
	"example.org/parley/internal/voice"
	"example.org/parley/record"
)

func median(ds []time.Duration) time.Duration {
	slices.Sort(ds)
	return ds[len(ds)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

// disk is a store of its own beside the nodes': how long one commit takes, measured in turns with what waits for it.
type disk struct {
	s    *store.Store
	seq  uint64
	took []time.Duration
}

func newDisk(tb testing.TB, dir string) *disk {
	s, err := store.Open(filepath.Join(dir, "beside.db"), store.Options{Reserve: -1})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return &disk{s: s}
}

func (d *disk) commit() {
	began := time.Now()
	d.seq++
	d.s.Append(d.seq, []store.Row{{Kind: store.KindEntry, Log: "aurelia/1.abc", Index: int(d.seq), A: make([]byte, 700), B: make([]byte, 300)}})
	<-d.s.Durable()
	d.took = append(d.took, time.Since(began))
}

// held measures n times from the act to *held* on the sender's own screen, and a commit beside each.
func (p *pair) held(n int, d *disk) time.Duration {
	var took []time.Duration
	for i := range n {
		d.commit()
		began := time.Now()
		r := p.do(0, act.Send{Kind: "information", Text: fmt.Sprintf("Convoy %d leaves at noon.", i)})
		at := p.until(0, 10*time.Second, func(v view.Desk) bool { return row(v, r.ID) == "held" })
		took = append(took, at.Sub(began))
		time.Sleep(2 * time.Millisecond)
	}
	return median(took)
}

// measureHeld gives the median of send to held with a record that is empty, or has n statements.
func measureHeld(tb testing.TB, n, rounds int) (held, commit time.Duration) {
	p := newPair(tb)
	if n > 0 {
		p.seed(n)
	}
	p.start()
	d := newDisk(tb, p.dir)
	p.held(10, d) // warm
	d.took = nil
	held = p.held(rounds, d)
	return held, median(d.took)
}

// measureFlash gives the median from the act at one end to the message on the other's screen, over two
// paths of delay one way with a share lost each.
func measureFlash(tb testing.TB, delay time.Duration, loss float64, rounds int) (seen, commit time.Duration) {
	p := newPair(tb)
	p.start()
	for _, f := range p.cables {
		f.Delay(linktest.Both, delay)
		f.Loss(linktest.Both, loss)
	}
	time.Sleep(3 * time.Second)
	d := newDisk(tb, p.dir)
	var took []time.Duration
	for i := range rounds {
		d.commit()
		began := time.Now()
		r := p.do(0, act.Send{Kind: "warning", Precedence: "FLASH", Text: fmt.Sprintf("Turn back, %d.", i)})
		at := p.until(1, 20*time.Second, func(v view.Desk) bool { return row(v, r.ID) != "" })
		took = append(took, at.Sub(began))
	}
	return median(took), median(d.took)
}

// callFigures is what both ends measured of a call.
type callFigures struct {
	frames, lost uint64
	gap          int // ms
}

// mouth speaks at one end of a call: a frame every 20 ms, numbered, its ear at the other end. What the
// machine's scheduler holds the mouth back by is taken off, so that the gap is the line's own.
type mouth struct {
	mu    sync.Mutex
	sent  []time.Duration // since the call began, when each frame really left
	began time.Time
	port  *voice.Port
}

func (m *mouth) frame(call uint16, source byte, seq uint32, data []byte) {
	at := time.Since(m.began)
	m.mu.Lock()
	defer m.mu.Unlock()
	if int(seq) < len(m.sent) {
		due := time.Duration(seq) * voice.FrameTime
		m.port.In(call, source, seq, data, m.began.Add(due+at-m.sent[seq]))
	}
}

func (m *mouth) speak(l node.Link, frame []byte) {
	m.mu.Lock()
	seq := uint32(len(m.sent))
	m.sent = append(m.sent, time.Since(m.began))
	m.mu.Unlock()
	l.SendFrame(7, 0, seq, frame)
}

// measureCuts holds a call over two like paths and cuts one of them in its middle, n times in each direction.
func measureCuts(tb testing.TB, n int) (c callFigures) {
	p := newPair(tb)
	var links [2]node.Link
	var ears [2]*mouth // of what the end hears
	for i := range links {
		ears[i] = &mouth{port: &voice.Port{}, began: time.Now()}
		ears[i].port.Open(7, voice.Opus)
		l, err := p.config(i).Link(link.Config{Run: record.NewRunName(rand.Reader), Greeting: func() []byte { return nil }, OnFrame: ears[i].frame})
		p.check(err)
		tb.Cleanup(func() { l.Close("") })
		go func() {
			for range l.Events() {
			}
		}()
		links[i] = l
	}
	for end := time.Now().Add(20 * time.Second); !up(links[0]) || !up(links[1]); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatal("the paths do not come up")
		}
	}
	quit := make(chan struct{})
	var wg sync.WaitGroup
	for i := range links {
		ears[i].began = time.Now()
		wg.Go(func() {
			frame := make([]byte, 80)
			for tick := time.NewTicker(voice.FrameTime); ; {
				select {
				case <-tick.C:
					ears[i].speak(links[1-i], frame)
				case <-quit:
					tick.Stop()
					return
				}
			}
		})
	}
	for i := range 2 * n {
		d := linktest.AToB
		if i >= n {
			d = linktest.BToA
		}
		f := p.cables[i%2]
		time.Sleep(80 * time.Millisecond)
		f.Cut(d)
		time.Sleep(120 * time.Millisecond)
		f.Restore(d)
	}
	close(quit)
	wg.Wait()
	time.Sleep(100 * time.Millisecond)
	for _, e := range ears {
		m := e.port.Close(e.began.Add(time.Duration(len(e.sent)-1) * voice.FrameTime))
		c.frames, c.lost, c.gap = c.frames+m.Received, c.lost+m.Lost, max(c.gap, m.LongestGapMS)
	}
	return c
}

func up(l node.Link) bool {
	for _, s := range l.Paths() {
		if !s.WeHear || !s.TheyHear {
			return false
		}
	}
	return true
}

// measureIdle gives the bits a second that the busier direction of a path carries while nothing happens,
// with IP and UDP headers.
func measureIdle(tb testing.TB, d time.Duration) (bits float64) {
	p := newPair(tb)
	p.start()
	time.Sleep(2 * time.Second)
	var before [4]linktest.Way
	read := func() (c [4]linktest.Way) {
		c[0], c[1] = p.cables[0].Counts()
		c[2], c[3] = p.cables[1].Counts()
		return c
	}
	before = read()
	began := time.Now()
	time.Sleep(d)
	for i, c := range read() {
		n := c.Bytes - before[i].Bytes + 28*(c.Packets-before[i].Packets)
		bits = max(bits, float64(8*n)/time.Since(began).Seconds())
	}
	return bits
}
