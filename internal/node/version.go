// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"encoding/hex"
	"runtime/debug"
	"strings"

	"example.org/parley/verify"
	"example.org/parley/wire"
)

// Release is the version that a release was built as; "" where it was built from a checkout.
var Release string

// kindsKnown is a fingerprint of the kinds of statement that this version knows: two ends that name another one are of
// different versions, and what one alone knows the other keeps unread.
var kindsKnown = func() string {
	var names []string
	for _, k := range verify.Kinds {
		names = append(names, k.Name)
	}
	h := wire.Sum([]byte(strings.Join(names, "\n")))
	return hex.EncodeToString(h[:4])
}()

// ourVersion is a word.
func ourVersion() string {
	v := Release
	if b, ok := debug.ReadBuildInfo(); ok && v == "" {
		v = b.Main.Version
	}
	if v == "" || strings.ContainsAny(v, " \t\n") {
		v = "unknown"
	}
	return v
}

// otherVersion reads what the other end's greeting says of its program, and gives its version where it knows other kinds of
// statement than we do. What is not known here is passed over: a later version may say more.
//
// SPEC: NOD-042
func otherVersion(greeting []byte) string {
	said := saysOf(greeting)
	if k := said["kinds"]; k == "" || k == kindsKnown {
		return ""
	}
	v := strings.Map(func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r
		}
		return -1
	}, said["version"])
	return cmp.Or(v[:min(len(v), 40)], "unknown")
}

// saysOf reads a greeting: names and words by turns.
func saysOf(greeting []byte) map[string]string {
	said := map[string]string{}
	f := strings.Fields(string(greeting[:min(len(greeting), 400)]))
	for i := 1; i+1 < len(f); i += 2 {
		said[f[i]] = f[i+1]
	}
	return said
}
