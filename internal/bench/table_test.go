// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"os"
	"testing"
	"text/tabwriter"
	"time"
)

// table is what `make bench` prints.
type table struct {
	t    *testing.T
	w    *tabwriter.Writer
	over int
}

// row measures one figure; what cannot be measured fails the bench, what is over its bar is only said.
// f gives the figure in words, its share of the bar (0: there is none) and the bar.
func (b *table) row(what string, f func(tb testing.TB) (figure string, share float64, bar string)) {
	began := time.Now()
	fmt.Fprintf(os.Stderr, "measuring: %s …", what)
	b.t.Run(what, func(t *testing.T) {
		figure, share, bar := f(t)
		word := ""
		switch {
		case share > 1:
			word = "OVER"
			b.over++
		case bar != "":
			word = "ok"
		}
		ratio := ""
		if bar != "" {
			ratio = fmt.Sprintf("%.2f", share)
		}
		fmt.Fprintf(b.w, "%s\t%s\t%s\t%s\t%s\n", what, figure, bar, ratio, word)
	})
	fmt.Fprintf(os.Stderr, " %.0f s\n", time.Since(began).Seconds())
}

// count is the share of a bar of none at all.
func count(n int) float64 {
	if n > 0 {
		return float64(n) + 1
	}
	return 0
}

func TestTable(t *testing.T) {
	if os.Getenv("PARLEY_BENCH") == "" {
		t.Skip("make bench")
	}
	b := &table{t: t, w: tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)}
	fmt.Fprintln(b.w, "WHAT\tMEASURED\tBAR\tOF THE BAR\t")
	var empty time.Duration
	b.row("one of two paths cut mid-call, 20 cuts each way", func(tb testing.TB) (string, float64, string) {
		c := measureCuts(tb, 20)
		return fmt.Sprintf("%d of %d frames lost, longest gap %d ms", c.lost, c.frames, c.gap), count(int(c.lost) + c.gap), "0 lost, 0 ms"
	})
	b.row("send to held on the sender's screen", func(tb testing.TB) (string, float64, string) {
		held, commit := measureHeld(tb, 0, 200)
		empty = held
		bar := (3*commit + 3*time.Millisecond) * 4 / 5
		return fmt.Sprintf("%s, a commit %s", ms(held), ms(commit)), float64(held) / float64(bar), "0.8 × (3 commits + 3 ms): " + ms(bar)
	})
	b.row("the same with 20,000 statements on record", func(tb testing.TB) (string, float64, string) {
		held, _ := measureHeld(tb, 20_000, 200)
		r := float64(held) / float64(empty)
		return fmt.Sprintf("%s, %.2f × that with none", ms(held), r), r / 1.5, "1.5 ×"
	})
	b.row("FLASH at the far end, 300 ms one way, 5 % loss on each path", func(tb testing.TB) (string, float64, string) {
		const way = 300 * time.Millisecond
		seen, commit := measureFlash(tb, way, 0.05, 40)
		bar := way + 2*commit + 5*time.Millisecond
		return fmt.Sprintf("%s: %s beyond one way and two commits", ms(seen), ms(seen-way-2*commit)), float64(seen-way-2*commit) / float64(5*time.Millisecond), "one way + 2 commits + 5 ms: " + ms(bar)
	})
	b.row("kill -9 of a node, 20 rounds", func(tb testing.TB) (string, float64, string) {
		lost, held := killRounds(tb, 20)
		for _, l := range lost {
			tb.Error(l)
		}
		return fmt.Sprintf("%d of %d acknowledged facts lost", len(lost), held), count(len(lost)), "none"
	})
	b.row("answer to first sound, Chromium to Chromium", func(tb testing.TB) (string, float64, string) {
		ms, ok := firstSound(tb)
		if !ok {
			return "not measured: no chromium", 0, ""
		}
		return fmt.Sprintf("%.0f ms", ms), ms / 150, "one way + 150 ms"
	})
	const pages, world = "./internal/page", "./internal/e2e"
	for _, d := range []struct {
		what, pkg, test, figure string
		bar                     time.Duration
	}{
		{"a ring on three desks and a phone's page, seen and sounded", world, "TestRingOnEveryDesk", "a ring drawn and sounded on three desks and a phone's page", 300 * time.Millisecond},
		{"a page loaded again in a call until sound both ways", world, "TestReloadInACall", "sound both ways", 3 * time.Second},
		{"a desk killed in a call until both ends say so", world, "TestReloadInACall", "both ends say how a call ended", 3 * time.Second},
		{"a letter beside a call drawn at the other end", world, "TestLettersBesideACall", "a letter typed beside a call drawn at the other end after", 500 * time.Millisecond},
		{"UDP to a desk cut in a call until sound goes by TCP", world, "TestSoundThatIsCut", "sound again", 4 * time.Second},
		{"UDP and TCP to a desk cut until both ends say so", world, "TestSoundThatIsCut", "both ends say that the desk cannot speak, and A10,", 10 * time.Second},
		{"a phone's page hidden until both ends show it as not armed", world, "TestSoundThatIsCut", "both ends show that a hidden phone is not armed", 10 * time.Second},
		{"session of an officer no more gone", world, "TestADeskOnAnotherMachineByTheCommandsOfTheManual", "session of an officer no more gone after", time.Second},
		{"sockets of a session that was ended closed", pages, "TestSessionsEndForGoodAndEverywhere", "the sockets of an ended session are closed after", time.Second},
		{"socket of a desk that was ended closed", pages, "TestDesksHaveNamesAndEnd", "the socket of an ended desk is closed after", time.Second},
		{"a desk on another machine by the guide's commands, armed", world, "TestADeskOnAnotherMachineByTheCommandsOfTheManual", "a desk on another machine armed after", 5 * time.Minute},
	} {
		b.row(d.what, func(tb testing.TB) (string, float64, string) { return longestOf(tb, d.pkg, d.test, d.figure, d.bar) })
	}
	b.row("memory with an empty record", func(tb testing.TB) (string, float64, string) {
		mib := measureMemory(tb)
		return fmt.Sprintf("%.0f MiB", mib), mib / 64, "64 MiB"
	})
	for _, n := range []int{20_000, 50_000, 100_000} {
		var s scale
		with := fmt.Sprintf(", %d statements on record", n)
		b.row("start until a ring and a STOP pass"+with, func(tb testing.TB) (string, float64, string) {
			s = measureScale(tb, n, 0)
			return fmt.Sprintf("%s, longest wait of a ring until all is read %s", ms(s.Ring), ms(s.Wait)), float64(max(s.Ring, s.Wait)) / float64(300*time.Millisecond), "0.3 s"
		})
		b.row("start until all is read"+with, func(tb testing.TB) (string, float64, string) {
			bar := map[int]time.Duration{20_000: time.Second, 50_000: 1500 * time.Millisecond, 100_000: 4 * time.Second}[n]
			return ms(s.Read), float64(s.Read) / float64(bar), bar.String()
		})
		b.row("memory"+with, func(tb testing.TB) (string, float64, string) {
			bar := 64 + 1.4e3*float64(n)/(1<<20)
			return fmt.Sprintf("%.0f MiB, %.0f after an export", s.MiB, s.Exported), max(s.MiB, s.Exported) / bar, fmt.Sprintf("%.0f MiB", bar)
		})
		b.row("export"+with, func(tb testing.TB) (string, float64, string) {
			return ms(s.Export), float64(s.Export) / float64(2*time.Second), "2 s"
		})
		for _, v := range []string{"inbox", "status", "log", "page"} {
			b.row(v+with, func(tb testing.TB) (string, float64, string) {
				return ms(s.Views[v]), float64(s.Views[v]) / float64(20*time.Millisecond), "20 ms"
			})
		}
	}
	b.row("memory with all that a hostile peer may state at once: 262,144 FLASH, none acknowledged", func(tb testing.TB) (string, float64, string) {
		const n = 256 << 10 // of up to a KiB each: what the burst of 256 MiB lets in most of. SPEC: NOD-008
		s := measureScale(tb, n, n)
		bar := 64 + 1.4e3*float64(n)/(1<<20)
		return fmt.Sprintf("%.0f MiB", s.MiB), s.MiB / bar, fmt.Sprintf("%.0f MiB", bar)
	})
	b.row("page drawn with 10,000 messages, 3,000 FLASH not acknowledged", func(tb testing.TB) (string, float64, string) {
		took, size := measurePage(tb, 10_000, 3000)
		return fmt.Sprintf("%s, %d kB", ms(took), size/1000), max(float64(took)/float64(30*time.Millisecond), float64(size)/150_000), "30 ms, 150 kB"
	})
	b.row("20 desks on one line, a message a second", func(tb testing.TB) (string, float64, string) {
		core, step := measureDesks(tb, 20, 20*time.Second)
		return fmt.Sprintf("%.1f %% of a core, longest step %s", 100*core, ms(step)), max(core/0.1, float64(step)/float64(5*time.Millisecond)), "10 % of a core, 5 ms"
	})
	b.row("the page's script and style, gzip", func(tb testing.TB) (string, float64, string) {
		n := measureFiles(tb)
		return fmt.Sprintf("%.1f kB", float64(n)/1000), float64(n) / 40_000, "40 kB"
	})
	b.row("longest step while 10,000 statements come", func(tb testing.TB) (string, float64, string) {
		r := measureRefill(tb, 10_000)
		return fmt.Sprintf("%s, a FLASH on the desk meanwhile in %s", ms(r.step), ms(r.flash)), float64(r.step) / float64(5*time.Millisecond), "5 ms"
	})
	var r refill
	b.row("refill of 100,000 statements after a lost disk", func(tb testing.TB) (string, float64, string) {
		r = measureRefill(tb, 100_000)
		bare := bareChecks(tb, refillChecks(100_000))
		return fmt.Sprintf("%s, bare signature checks %s", ms(r.all), ms(bare)), float64(r.all) / float64(bare) / 1.6, "1.6 × the bare checks"
	})
	b.row("verify of 100,000 statements", func(tb testing.TB) (string, float64, string) {
		bare := bareChecks(tb, 200_000)
		return fmt.Sprintf("%s, bare signature checks %s", ms(r.verify), ms(bare)), float64(r.verify) / float64(bare) / 1.6, "1.6 × the bare checks"
	})
	b.row("idle traffic a path and way", func(tb testing.TB) (string, float64, string) {
		bits := measureIdle(tb, 12*time.Second)
		return fmt.Sprintf("%.1f kbit/s", bits/1000), bits / 8000, "8 kbit/s"
	})
	for _, f := range sizes(t) {
		b.row(f.what, func(testing.TB) (string, float64, string) { return f.now, f.share, f.limit + ", held by internal/arch" })
	}
	for _, m := range micros {
		b.row(m.what, func(tb testing.TB) (string, float64, string) {
			f := m.figures(tb)
			switch {
			case m.most > 0:
				return m.print(f), f[m.unit]/m.most + count(int(f["allocs/op"])), fmt.Sprintf("at most %.1f, 0 allocations", m.most)
			case m.least == 0:
				return m.print(f), 0, ""
			}
			return m.print(f), m.least / f[m.unit], fmt.Sprintf("at least %.1f", m.least)
		})
	}
	b.row("press at a telephone to ringing at the far one, above one way", func(tb testing.TB) (string, float64, string) {
		return delay(tb, "press to far ringing, above one way:", 150)
	})
	b.row("lifted telephone to its sound at the far one, above one way", func(tb testing.TB) (string, float64, string) {
		return delay(tb, "lift to first sound there, above one way:", 200)
	})
	b.row("a telephone's call in a flood: 60,000 packets, 3,000 connections, 20,000 calls", func(tb testing.TB) (string, float64, string) {
		f := telephones(tb, "TestSoakFloodInACall", "flood:")
		if f == nil {
			return "not measured: no network of its own", 0, ""
		}
		return fmt.Sprintf("%.0f of %.0f frames lost, heap %+.1f %% a minute later, OPTIONS in %.0f ms", f[0], f[1], f[2], f[3]), max(count(int(f[0])), f[2]/10, f[3]/200), "0 lost, 10 %, 200 ms"
	})
	b.row("cold build", func(tb testing.TB) (string, float64, string) {
		return fmt.Sprintf("%.0f s", measureBuild(tb).Seconds()), 0, ""
	})
	fmt.Println()
	b.w.Flush()
	fmt.Printf("\n%d figures over their bar. Medians; every ratio is of two things measured in this run.\n", b.over)
}
