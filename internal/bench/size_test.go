// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const top = "../.."

// measureMemory gives the larger resident size in MiB of two nodes whose record holds little more than its genesis.
func measureMemory(tb testing.TB) (mib float64) {
	w := newWorld(tb)
	time.Sleep(2 * time.Second)
	for _, s := range w.Sides {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Pid()))
		if err != nil {
			tb.Fatal(err)
		}
		for l := range strings.Lines(string(b)) {
			var kib float64
			if n, _ := fmt.Sscanf(l, "VmRSS: %f kB", &kib); n == 1 {
				mib = max(mib, kib/1024)
			}
		}
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

// countLines counts lines of Go code without tests, and of them those that are neither empty nor a comment.
func countLines(tb testing.TB) (lines, code int) {
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != top {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		b, err := os.ReadFile(path)
		for l := range strings.Lines(string(b)) {
			lines++
			if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "//") {
				code++
			}
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return lines, code
}

// countDependencies counts go.mod's direct requirements: those that the binary links, and those of tests only.
func countDependencies(tb testing.TB) (linked, tests int) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./cmd/parley")
	cmd.Dir = top
	out, err := cmd.Output()
	if err != nil {
		tb.Fatal(err)
	}
	in := map[string]bool{}
	for l := range strings.Lines(string(out)) {
		in[strings.TrimSpace(l)] = true
	}
	f, err := os.Open(filepath.Join(top, "go.mod"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		w := strings.Fields(s.Text())
		if len(w) != 2 || !strings.HasPrefix(w[1], "v") {
			continue
		}
		if in[w[0]] {
			linked++
		} else {
			tests++
		}
	}
	return linked, tests
}
