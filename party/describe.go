// SPDX-License-Identifier: Apache-2.0

package party

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"example.org/parley/wire"
	"example.org/parley/words"
)

// Describe says the whole genesis in words, one line a fact: what an officer reads before typing the number.
//
// SPEC: REC-910
func (g *Genesis) Describe(lang string, terms Terms) string {
	t := func(key string, args ...any) string { return words.T(lang, "genesis."+key, args...) }
	var out strings.Builder
	a, b := g.Parties[0].Party, g.Parties[1].Party
	row := func(k, v string) {
		if v == "" {
			v = t("none")
		}
		fmt.Fprintf(&out, "  %s: %s\n", k, v)
	}
	fmt.Fprintln(&out, t("title", g.Line, a, b))
	out.WriteString(terms.Describe(lang, a, b))
	for i, s := range g.Parties {
		row(t("sheet", s.Party, string(rune('A'+i))), Digits(s.Sheet))
		row(t("key", s.Party), wire.KeyText(s.Sign))
	}
	row(t("tag"), g.Tag.String())
	row(t("hash"), g.Hash.String())
	fmt.Fprintln(&out, t("writes", a, b))
	return out.String()
}

// Describe says the terms in words, one line a fact.
func (terms Terms) Describe(lang string, parties ...string) string {
	t := func(key string, args ...any) string { return words.T(lang, "genesis."+key, args...) }
	var out strings.Builder
	row := func(k, v string) {
		if v == "" {
			v = t("none")
		}
		fmt.Fprintf(&out, "  %s: %s\n", k, v)
	}
	for _, l := range slices.Sorted(maps.Keys(terms.Purpose)) {
		row(t("purpose", l), terms.Purpose[l])
	}
	row(t("area"), terms.Area)
	row(t("subject"), terms.Subject)
	row(t("hours"), terms.Hours)
	row(t("languages"), strings.Join(terms.Languages, ", "))
	row(t("access"), terms.Access)
	for _, p := range parties {
		row(t("fallback", p), strings.Join(terms.Fallback[p], ", "))
	}
	row(t("checks"), strings.Join(terms.Schedule.Checks, ", "))
	row(t("officer"), t("minutes", terms.Schedule.Officer))
	if len(terms.Policy.Due) == 0 {
		row(t("usual"), t("usualv"))
	}
	for _, p := range slices.Sorted(maps.Keys(terms.Policy.Due)) {
		for _, s := range slices.Sorted(maps.Keys(terms.Policy.Due[p])) {
			row(t("clock", p, s), t("seconds", terms.Policy.Due[p][s]))
		}
	}
	if len(terms.Policy.Release) > 0 {
		row(t("release"), strings.Join(terms.Policy.Release, ", "))
	}
	for _, k := range slices.Sorted(maps.Keys(terms.Policy.Seal)) {
		row(t("seal", k), t("hours.n", terms.Policy.Seal[k]))
	}
	record := "record.no"
	if terms.Policy.Record { // SPEC: RCD-001
		record = "record.yes"
	}
	row(t("record"), t(record))
	return out.String()
}
