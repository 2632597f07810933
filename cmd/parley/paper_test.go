// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"

	"example.org/parley/party"
	"example.org/parley/words"
)

// The pages to print say in every language what they are for, load and run nothing, and are as long as one sheet of paper holds.
//
// SPEC: CLI-065
func TestPaper(t *testing.T) {
	l, _ := lines(t)
	terms := party.DefaultTerms()
	terms.Fallback = map[string][]string{l.Theirs.Party: {"+39 06 555 01", "+39 06 555 02"}, l.Ours.Party: {"<script>"}}
	for _, lang := range words.Langs() {
		var card, sheet, text bytes.Buffer
		p := paper{Lang: lang, Line: l, Terms: terms}
		if err := p.write(&sheet, false); err != nil {
			t.Fatal(err)
		}
		if err := p.write(&text, true); err != nil {
			t.Fatal(err)
		}
		p.Card = true
		if err := p.write(&card, false); err != nil {
			t.Fatal(err)
		}
		for name, page := range map[string]string{"card": card.String(), "sheet": sheet.String()} {
			for _, bad := range []string{"<script", "src=", "href=", "http:", "paper.", "%!"} {
				if strings.Contains(page, bad) {
					t.Errorf("%s, %s holds %s", lang, name, bad)
				}
			}
			if !strings.Contains(page, `default-src 'none'`) || !strings.Contains(page, `lang="`+lang+`"`) {
				t.Errorf("%s, %s", lang, name)
			}
		}
		for _, want := range []string{party.Digits(l.Theirs.PartyHash()), party.Digits(l.Ours.PartyHash()), "+39 06 555 02", "F2", "size:105mm 148mm", "&lt;script&gt;"} {
			if !strings.Contains(strings.ReplaceAll(card.String(), "&#43;", "+"), want) {
				t.Errorf("%s: the card lacks %s", lang, want)
			}
		}
		if n := strings.Count(card.String(), "<dt>") + strings.Count(card.String(), "<dd"); n > 26 { // lines of A6
			t.Errorf("%s: %d lines on A6", lang, n)
		}
		for _, want := range []string{party.Digits(l.Ours.Hash), l.Ours.Paths[0].Address} {
			if !strings.Contains(sheet.String(), want) || !strings.Contains(text.String(), want) {
				t.Errorf("%s: the sheet lacks %s", lang, want)
			}
		}
		if !strings.HasSuffix(text.String(), string(l.Ours.Note)) || strings.Count(sheet.String(), "<path") != 1 {
			t.Errorf("%s: the sheet itself is not on it", lang)
		}
	}
}
