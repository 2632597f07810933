// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// micro is one benchmark of a package, and which of its figures says how dear it is.
type micro struct {
	what, pkg, bench, unit, time string
	least, most                  float64 // the bar, where the figure is to be at least or at most so much; 0: none
}

var micros = []micro{
	{"frame: seal, send, receive, open · bare UDP", "link", "BenchmarkFrame", "×bareUDP", "60x", 0, 0},
	{"store: commit, 1 writer · raw write + fdatasync", "store", "BenchmarkCommit/writers=1", "of-raw", "400x", 0.6, 0},
	{"store: commit, 64 writers · raw write + fdatasync", "store", "BenchmarkCommit/writers=64", "of-raw", "6400x", 0.4, 0},
	{"store: commit in PostgreSQL, 1 writer · raw write + fdatasync", "store", "BenchmarkCommit/postgres", "of-raw", "400x", 0.25, 0},
	{"store: commit in PostgreSQL with a standby, 1 writer · raw", "store", "BenchmarkCommit/standby", "of-raw", "400x", 0.12, 0},
	{"record: Append · Ed25519 sign", "../record", "BenchmarkAppend", "x-ed25519", "3000x", 0, 0},
	{"record: Add · Ed25519 verify", "../record", "BenchmarkAdd", "x-ed25519", "3000x", 0, 0},
	{"verify: a claim over ten years · Ed25519 verify", "../verify", "BenchmarkClaim", "x-ed25519", "1x", 0, 0},
	{"voice: a frame in, over two paths", "voice", "BenchmarkPortIn", "ns/op", "200000x", 0, 0},
	{"edge: a frame between browser and line", "edge/web", "BenchmarkForward", "ns/op", "20000x", 0, 0},
	{"telephone: a frame from its socket to the line · bare UDP", "edge/phone", "BenchmarkFromTelephone", "×bareUDP", "20000x", 0, 1.5},
	{"telephone: a frame of the line to its socket · bare UDP", "edge/phone", "BenchmarkToTelephone", "×bareUDP", "20000x", 0, 1.5},
}

// figures are the medians of a benchmark's three runs, by unit.
func (m micro) figures(tb testing.TB) map[string]float64 {
	cmd := exec.Command("go", "test", "-run", "^$", "-bench", "^"+strings.ReplaceAll(m.bench, "/", "$/^")+"$", "-benchtime", m.time, "-benchmem", "-count", "3", "./internal/"+m.pkg)
	cmd.Dir = top
	out, err := cmd.CombinedOutput()
	if err != nil {
		tb.Fatalf("%s: %v: %s", m.bench, err, out)
	}
	all := map[string][]float64{}
	pair := regexp.MustCompile(`([0-9.e+]+) (\S*[a-zA-Z]\S*)`)
	for l := range strings.Lines(string(out)) {
		if !strings.HasPrefix(l, "Benchmark") {
			continue
		}
		for _, f := range pair.FindAllStringSubmatch(strings.Join(strings.Fields(l), " "), -1) {
			if v, err := strconv.ParseFloat(f[1], 64); err == nil {
				all[f[2]] = append(all[f[2]], v)
			}
		}
	}
	mid := map[string]float64{}
	for unit, vs := range all {
		slices.Sort(vs)
		mid[unit] = vs[len(vs)/2]
	}
	if _, ok := mid[m.unit]; !ok {
		tb.Fatalf("%s printed no %s: %s", m.bench, m.unit, out)
	}
	return mid
}

func (m micro) print(f map[string]float64) string {
	unit := map[string]string{"×bareUDP": "× bare", "of-raw": "of the raw rate", "x-ed25519": "× bare", "ns/op": "ns"}[m.unit]
	return fmt.Sprintf("%.2f %s, %.0f allocations", f[m.unit], unit, f["allocs/op"])
}

// telephones runs a test of the telephones and gives the figures that it prints after a word; none where it cannot run here.
func telephones(tb testing.TB, test, figure string) (fs []float64) {
	for _, line := range printed(tb, "./internal/edge/phone", test, figure) {
		for _, n := range regexp.MustCompile(`[+-]?[0-9]+(\.[0-9]+)?`).FindAllString(line, -1) {
			f, _ := strconv.ParseFloat(n, 64)
			fs = append(fs, f)
		}
	}
	return fs
}

// delay gives the first figure that TestDelays prints after a word, and its share of a bar in milliseconds.
func delay(tb testing.TB, figure string, bar float64) (said string, share float64, of string) {
	f := telephones(tb, "TestDelays", figure)
	if f == nil {
		return "not measured: no network of its own", 0, ""
	}
	return fmt.Sprintf("%.1f ms", f[0]), f[0] / bar, fmt.Sprintf("%.0f ms", bar)
}

// ran keeps what a test of another package printed: several figures come of one run.
var ran = map[string]string{}

// printed runs a test of a package and gives what it prints after a word, line by line; nothing where it cannot run here.
func printed(tb testing.TB, pkg, test, figure string) (lines []string) {
	out, done := ran[test]
	if !done {
		cmd := exec.Command("go", "test", "-count", "1", "-v", "-timeout", "10m", "-run", "^"+test+"$", pkg)
		cmd.Dir, cmd.Env = top, append(os.Environ(), "PARLEY_SOAK=1")
		b, err := cmd.CombinedOutput()
		if err != nil {
			tb.Fatalf("%s: %v: %s", test, err, b)
		}
		out = string(b)
		ran[test] = out
	}
	for line := range strings.SplitSeq(out, "\n") {
		if _, line, ok := strings.Cut(line, "figure: "+figure); ok {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 && !strings.Contains(out, "--- SKIP") {
		tb.Fatalf("%s printed no figure: %s", test, out)
	}
	return lines
}

// longestOf gives the longest of the times that a test of the browsers prints after a word, and its share of a bar.
func longestOf(tb testing.TB, pkg, test, figure string, bar time.Duration) (said string, share float64, of string) {
	lines := printed(tb, pkg, test, figure)
	if len(lines) == 0 {
		return "not measured: no chromium, or no network of its own", 0, ""
	}
	d := longest(tb, lines)
	return d.String(), float64(d) / float64(bar), bar.String()
}

// longest is the longest of the times that stand first in lines.
func longest(tb testing.TB, lines []string) (most time.Duration) {
	for _, line := range lines {
		d, err := time.ParseDuration(strings.ReplaceAll(regexp.MustCompile(`([0-9.]+ ?(h|ms|µs|m|s))+`).FindString(line), " ", ""))
		if err != nil {
			tb.Fatalf("no time in %q: %v", line, err)
		}
		most = max(most, d)
	}
	return most
}

func TestTimesAreRead(t *testing.T) {
	for want, lines := range map[time.Duration][]string{
		62300 * time.Millisecond: {" 1.2s after UDP was cut in a call, at most 4 s", " 1m2.3s after UDP was cut in a call, at most 4 s"},
		225 * time.Millisecond:   {" 225 ms, at most 500 (median of [108 225])"},
		850 * time.Millisecond:   {" 850ms, at most 1 s and an asking"},
	} {
		if got := longest(t, lines); got != want {
			t.Errorf("%q: %v, not %v", lines, got, want)
		}
	}
}

// firstSound runs the browsers' own test and takes the figure that it prints, the median of its two calls' kinds.
func firstSound(tb testing.TB) (ms float64, ok bool) {
	if _, err := exec.LookPath("chromium"); err != nil {
		return 0, false
	}
	cmd := exec.Command("go", "test", "-count", "1", "-v", "-run", "^TestBrowserToBrowser$", "./internal/edge/web")
	cmd.Dir = top
	out, err := cmd.CombinedOutput()
	if err != nil {
		tb.Fatalf("the browsers' test: %v: %s", err, out)
	}
	var all []float64
	for _, m := range regexp.MustCompile(`answer to first sound at the far end: (\d+) ms`).FindAllSubmatch(out, -1) {
		v, _ := strconv.ParseFloat(string(m[1]), 64)
		all = append(all, v)
	}
	if len(all) == 0 {
		tb.Fatalf("the browsers' test printed no figure: %s", out)
	}
	return slices.Max(all), true
}
