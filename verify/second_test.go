// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"example.org/parley/verify"
	"example.org/parley/wire"
)

// The second verifier is written from the pages alone; on every vector and on what becomes of them by mutation it must say what this one says.
// SPEC: CLM-029
func TestSecondVerifierGivesTheSameLines(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		if slices.Contains(strings.Fields(os.Getenv("PARLEY_REQUIRE")), "node") {
			t.Fatal("node is required and not there")
		}
		t.Skip("no Node.js: the second verifier was not run")
	}
	vectors, err := filepath.Glob("../spec/claims/*.claim")
	if err != nil || len(vectors) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	var files [][]byte
	for _, name := range vectors {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, b)
	}
	count := 2000
	if testing.Short() {
		count = 100
	}
	r := rand.New(rand.NewPCG(14, 29))
	for range count {
		files = append(files, mutate(r, files[r.IntN(len(vectors))]))
	}
	spring, err := os.ReadFile("../doc/spring.press")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, spring)
	dir := t.TempDir()
	for i, b := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d", i)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	page, err := filepath.Abs("../spec/verify-claim.mjs")
	if err != nil {
		t.Fatal(err)
	}
	program := `import fs from 'node:fs'; import { verify } from 'file://` + page + `'
for (const f of fs.readdirSync('.').sort()) console.log(verify(fs.readFileSync(f)).lines.join('\n') + '\n')`
	cmd := exec.Command(node, "--input-type=module", "-e", program)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	theirs := strings.Split(strings.TrimSuffix(string(out), "\n\n"), "\n\n")
	if len(theirs) != len(files) {
		t.Fatalf("%d answers to %d files", len(theirs), len(files))
	}
	for i, b := range files {
		rep := verify.Verify(bytes.NewReader(b), verify.Expected{})
		ours := []string{"verdict " + rep.Verdict}
		if rep.Claim != nil {
			ours = append(ours, rep.Claim.Lines...)
		}
		if got := strings.Join(ours, "\n"); got != theirs[i] {
			t.Errorf("file %d (vectors are the first %d): Go says\n%s\nthe second verifier\n%s\n%v %v", i, len(vectors), got, theirs[i], rep.Wrong, rep.Unknown)
		}
	}
}

// mutate changes a file by a byte, or by pieces left out, doubled and exchanged; mostly the last line is made to fit again.
func mutate(r *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	switch r.IntN(3) {
	case 0:
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
	case 1:
		i := r.IntN(len(b))
		b = append(b[:i], b[min(len(b), i+1+r.IntN(40)):]...)
	default:
		head, pieces := split(b)
		for range 1 + r.IntN(2) {
			i, k := r.IntN(len(pieces)), r.IntN(len(pieces))
			switch r.IntN(4) {
			case 0, 1:
				pieces = append(pieces[:i], pieces[i+1:]...)
			case 2:
				pieces[i], pieces[k] = pieces[k], pieces[i]
			default:
				pieces = append(pieces[:k], append([][]byte{pieces[i]}, pieces[k:]...)...)
			}
		}
		b = append(head, bytes.Join(pieces, nil)...)
		b = append(b, "end \n"...)
	}
	end := bytes.LastIndex(b, []byte("end "))
	if r.IntN(8) == 0 || end < 0 {
		return b
	}
	sum := sha256.Sum256(b[:end])
	return append(b[:end:end], "end "+base64.StdEncoding.EncodeToString(sum[:])+"\n"...)
}

// split gives the first line of a file, and its pieces with their own lines.
func split(b []byte) (head []byte, pieces [][]byte) {
	at := bytes.IndexByte(b, '\n') + 1
	head = bytes.Clone(b[:at])
	for {
		var name string
		var n int
		line := bytes.IndexByte(b[at:], '\n') + 1
		if _, err := fmt.Sscanf(string(b[at:at+line]), "%s %d\n", &name, &n); err != nil || at+line+n+1 > len(b) {
			return head, pieces
		}
		pieces = append(pieces, b[at:at+line+n+1])
		at += line + n + 1
	}
}

// Of a statement for the press that was changed none holds with another sentence or another opinion.
//
// SPEC: PRS-002 PRS-006
func TestNoChangedStatementForThePressHolds(t *testing.T) {
	vectors, err := filepath.Glob("../spec/claims/press-[0-9]*.claim")
	if err != nil || len(vectors) < 3 {
		t.Fatal(vectors, err)
	}
	said := func(b []byte) (bool, string) {
		rep := verify.Verify(bytes.NewReader(b), verify.Expected{})
		if rep.Claim == nil || rep.Claim.Press == nil {
			return rep.Verdict == verify.Holds, ""
		}
		at := slices.IndexFunc(rep.Claim.Lines, func(l string) bool { return strings.HasPrefix(l, "press ") })
		return rep.Verdict == verify.Holds, strings.Join(rep.Claim.Lines[at:], "\n")
	}
	count := 1000
	if testing.Short() {
		count = 100
	}
	r, held := rand.New(rand.NewPCG(14, 9)), 0
	for _, name := range vectors {
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, want := said(whole)
		for i := range count / len(vectors) {
			b := mutate(r, whole)
			if holds, got := said(b); holds && got != want {
				t.Fatalf("%s %d: it holds and says\n%s\ninstead of\n%s", name, i, got, want)
			} else if holds && !bytes.Equal(b, whole) {
				held++
			}
		}
	}
	t.Log(held, "of", count, "hold, saying the same")
}

// TestSecondVerifierKnowsTheSameCharacters: a text is valid to both by the same characters, whatever Unicode the other's tables are of.
//
// SPEC: MSG-005 CLM-030
func TestSecondVerifierKnowsTheSameCharacters(t *testing.T) {
	var b strings.Builder
	line, last := 0, rune(0)
	for r := rune(0); r <= unicode.MaxRune+1; r++ {
		if (r <= unicode.MaxRune && wire.Seen(r)) == (r > 0 && r <= unicode.MaxRune+1 && wire.Seen(r-1)) {
			continue
		}
		n, _ := fmt.Fprint(&b, " ", strconv.FormatInt(int64(r-last), 36))
		if line, last = line+n, r; line > 140 {
			line = 0
			b.WriteByte('\n')
		}
	}
	want := strings.TrimSpace(strings.ReplaceAll(b.String(), "\n ", "\n"))
	const name, begin = "../spec/verify-claim.mjs", "const LENGTHS = `\n"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(page), begin)
	table, tail, ok := strings.Cut(rest, "`\n")
	if !ok {
		t.Fatal("no table of characters in the second verifier")
	}
	if strings.TrimSpace(table) != want {
		t.Error("the second verifier knows other characters: go test ./verify -run TestSecondVerifierKnows -vectors")
	}
	if f := flag.Lookup("vectors"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(name, []byte(head+begin+want+"\n`\n"+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSecondVerifierKnowsEveryKind: each kind of kinds.md, and of those whose facts a figure reads each member.
//
// SPEC: CLM-009 CLM-030
func TestSecondVerifierKnowsEveryKind(t *testing.T) {
	const program = `import fs from 'node:fs'; import { KINDS, KNOWN } from './verify-claim.mjs'
for (const row of fs.readFileSync('kinds.md', 'utf8').split('\n').filter((l) => l.startsWith('| ' + String.fromCharCode(96)))) {
  const [, kinds, , , ...rest] = row.split('|')
  let members = rest.join('|')
  for (let was; was !== members; ) { was = members; members = members.replace(/\{[^{}]*\}|\[[^\[\]]*\]/g, '') }
  const names = (s) => [...s.matchAll(/\x60([^\x60]+)\x60/g)].map((m) => m[1])
  const must = names(members.split(',').filter((m) => !m.includes('in words')).join()).sort().join()
  for (const k of names(kinds)) {
    if (!KNOWN.has(k)) console.log(k, 'is not known')
    const has = KINDS[k] && Object.keys(KINDS[k].facts).sort().join()
    if (KINDS[k] && has !== must) console.log(k, 'has', has, 'and must have', must)
  }
}`
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no Node.js: the second verifier was not run")
	}
	cmd := exec.Command(node, "--input-type=module", "-e", program)
	cmd.Dir = "../spec"
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
