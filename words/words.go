// SPDX-License-Identifier: Apache-2.0

// Package words holds every word that a person reads, one data file a language: en.toml, it.toml.
//
// A key names a place where words stand ("call.idle"), the same in every language, with the same arguments; where
// words stand for a code, the key is a prefix and the code ("out.no-answer"). A language is its file: nothing else
// lists it. A test that `make build` runs fails where a key that is asked for has no words, or a language lacks one.
//
// What errors, hints and help say stands in the code in English; every other language has it by the key
// "english." with the English sentence or format.
//
// It knows no meaning: what is said, and when, is decided where it is said. Spec: spec/page.md, PAG-001.
package words

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
)

//go:embed *.toml
var files embed.FS

// tables are the words by language and key. SPEC: PAG-001 PAG-002
var tables = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	list, _ := files.ReadDir(".")
	for _, f := range list {
		var t map[string]string
		if _, err := toml.DecodeFS(files, f.Name(), &t); err != nil {
			panic(fmt.Sprintf("%s: %v", f.Name(), err)) // as it was built: the test lets none through
		}
		all[strings.TrimSuffix(f.Name(), ".toml")] = t
	}
	return all
})

// Langs lists the languages, sorted.
var Langs = sync.OnceValue(func() []string {
	var out []string
	for l := range tables() {
		out = append(out, l)
	}
	slices.Sort(out)
	return out
})

// Lang gives the language itself where it is there, else English.
func Lang(lang string) string {
	if slices.Contains(Langs(), lang) {
		return lang
	}
	return "en"
}

// T gives the words for a key in a language, with its arguments set in. A key without words is given back in
// brackets, so that it is seen.
func T(lang, key string, args ...any) string {
	w, ok := Get(lang, key)
	if !ok {
		return "[" + key + "]"
	}
	if len(args) == 0 {
		return w
	}
	return fmt.Sprintf(w, args...)
}

// Or gives the words for a code, or the code itself where another version of the line coined it.
func Or(lang, prefix, code string) string {
	if w, ok := Get(lang, prefix+"."+code); ok {
		return w
	}
	return code
}

// Say gives in a language what stands in the code in English: a sentence or a format.
func Say(lang, english string) string {
	return Or(lang, "english", english)
}

// Get gives the words for a key as they stand in the file.
func Get(lang, key string) (string, bool) {
	w, ok := tables()[Lang(lang)][key]
	return w, ok
}
