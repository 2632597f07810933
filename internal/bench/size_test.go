// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
)

const top = "../.."

// measureMemory gives the larger resident size in MiB of two nodes whose record holds little more than its genesis.
func measureMemory(tb testing.TB) (mib float64) {
	w := newWorld(tb)
	time.Sleep(2 * time.Second)
	for _, s := range w.Sites {
		mib = max(mib, resident(tb, s.Pid()))
	}
	return mib
}

// measureBuild builds with an empty cache.
func measureBuild(tb testing.TB) time.Duration {
	dir := tb.TempDir()
	cmd := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(dir, "parley"), "./cmd/parley")
	cmd.Dir = top
	cmd.Env = append(os.Environ(), "GOCACHE="+filepath.Join(dir, "cache"))
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("couldn't build: %v: %s", err, out)
	}
	return time.Since(began)
}

// sizes are the figures that internal/arch holds below their ceilings, in its own words.
func sizes(tb testing.TB) (out []sizeFigure) {
	cmd := exec.Command("go", "test", "-count", "1", "-v", "-run", "^TestSize$", "./internal/arch")
	cmd.Dir = top
	said, err := cmd.Output()
	if err != nil {
		tb.Errorf("internal/arch: %v: %s", err, said)
	}
	for _, m := range regexp.MustCompile(`figure: ([0-9.]+) (.+), at most ([0-9.]+)`).FindAllStringSubmatch(string(said), -1) {
		f := sizeFigure{what: m[2], limit: m[3], now: m[1]}
		now, _ := strconv.ParseFloat(m[1], 64)
		limit, _ := strconv.ParseFloat(m[3], 64)
		f.share = now / limit
		out = append(out, f)
	}
	if len(out) == 0 {
		tb.Fatalf("internal/arch printed no figure: %s", said)
	}
	return out
}

type sizeFigure struct {
	what, now, limit string
	share            float64
}
