// SPDX-License-Identifier: Apache-2.0

package phrase

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"example.org/parley/words"
)

// sample gives a canonical value of every type.
var sample = map[Type]string{
	Place: "54.20N 18.40E", Time: "231400Z NOV 26", Height: "300", Distance: "5000", Number: "14", Heading: "045",
	Duration: "90 min", Callsign: "GULL-12", Zone: "NORTH-2", YesNo: "yes", Object: "drone",
}

func filled(p Phrase, optional bool) map[string]string {
	m := map[string]string{}
	for _, f := range p.Fields {
		if optional || !f.Optional {
			m[f.Name] = sample[f.Type]
			if f.Name == "from" {
				m[f.Name] = "231300Z NOV 26"
			}
		}
	}
	return m
}

// SPEC: MSG-012
func TestTypesReadWhatPeopleType(t *testing.T) {
	for _, c := range []struct {
		t        Type
		in, want string // "": refused
	}{
		{Place, "54.20N 18.40E", "54.20N 18.40E"}, {Place, " 54.2n018.4e ", "54.20N 18.40E"}, {Place, "54N, 18E", "54.00N 18.00E"},
		{Place, "54.12345S 180.00000W", "54.12345S 180.00W"}, {Place, "54-12n 018-24E", "54-12N 18-24E"}, {Place, "4-2.50N 8-5E", "04-02.5N 8-05E"},
		{Place, "34U CF 12345 67890", "34UCF1234567890"}, {Place, "4UCF1234", "04UCF1234"},
		{Place, "91N 18E", ""}, {Place, "54N 181E", ""}, {Place, "54-60N 18-00E", ""}, {Place, "18.40E 54.20N", ""}, {Place, "54.20 18.40", ""},
		{Place, "34UCF123", ""}, {Place, "61UCF1234", ""}, {Place, "34ICF1234", ""}, {Place, "54.123456N 1E", ""}, {Place, "90.00001N 1E", ""}, {Place, "54,2N 18,4E", ""},
		{Time, "231400z nov 26", "231400Z NOV 26"}, {Time, "231400ZNOV26", "231400Z NOV 26"}, {Time, "2026-11-23T14:00Z", "231400Z NOV 26"},
		{Time, "2026-11-23 14:00:00Z", "231400Z NOV 26"}, {Time, "2026-11-23T15:00+01:00", "231400Z NOV 26"}, {Time, "2026-11-23 12:00 -0200", ""}, {Time, "2026-11-23T14:00", ""},
		{Time, "2026-11-23T14:00:30Z", ""}, {Time, "2026-11-23T12:00-02", "231400Z NOV 26"},
		{Place, "54°12'30\"N 18°24'00\"E", "54-12-30N 18-24-00E"}, {Place, "54° 12′ 30.5″ N, 18° 24′ E", "54-12-30.5N 18-24E"}, {Place, "54.2°N 18.4°E", "54.20N 18.40E"}, {Place, "54°12.5'N 18°24'E", "54-12.5N 18-24E"},
		{Place, "54°12'60\"N 18°24'E", ""}, {Place, "54°12.5'30\"N 18°24'E", ""}, {Place, "90°00'01\"N 18°24'E", ""}, {Time, "311400Z NOV 26", ""}, {Time, "232500Z NOV 26", ""}, {Time, "231400Z NOV 70", ""}, {Time, "231400 NOV 26", ""},
		{Height, "300 m", "300"}, {Height, "-20", "-20"}, {Height, "0300", "300"}, {Height, "1000 ft", ""}, {Height, "FL100", ""}, {Height, "100001", ""}, {Height, "3.5", ""},
		{Distance, "5 000", "5000"}, {Distance, "0", ""}, {Number, "014", "14"}, {Number, "-1", ""}, {Number, "1,000", ""}, {Number, "1e3", ""}, {Number, "--1", ""},
		{Heading, "45", "045"}, {Heading, "0", "360"}, {Heading, "361", ""}, {Duration, "2h", "120 min"}, {Duration, "1h30", "90 min"}, {Duration, "45 s", "45 s"}, {Duration, "60s", "1 min"},
		{Duration, "0 min", ""}, {Duration, "90", ""}, {Duration, "99999h", ""}, {Callsign, "gull 12", "GULL-12"}, {Callsign, strings.Repeat("A", 25), ""}, {Callsign, "GULL_1", ""}, {Callsign, "-", ""},
		{Zone, "north-2", "NORTH-2"}, {YesNo, "Sì", "yes"}, {YesNo, "n", "no"}, {YesNo, "maybe", ""}, {Object, "Small Boat", "small-boat"}, {Object, "ufo", ""}, {Object, "", ""},
		{Place, "54.20N\u202e 18.40E", ""}, {Number, "１４", ""},
	} {
		got, err := c.t.Parse(c.in)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s %q: got %q, %v; want %q", c.t, c.in, got, err, c.want)
		}
		if err == nil {
			again, err := c.t.Parse(got)
			if err != nil || again != got || !c.t.Equal(c.in, got) {
				t.Errorf("%s %q: canonical %q is read as %q, %v", c.t, c.in, got, again, err)
			}
		}
	}
	for ty := range types {
		if c, err := ty.Parse(sample[ty]); err != nil || c != sample[ty] || ty.Example() == "" {
			t.Errorf("type %s has no good sample or example: %q %v", ty, c, err)
		}
	}
}

// SPEC: MSG-021
func TestValuesAreEqualByMeaning(t *testing.T) {
	for _, c := range []struct {
		t    Type
		a, b string
		want bool
	}{
		{Place, "54.20N 18.40E", "54.2N018.4E", true}, {Place, "54.20N 18.40E", "54-12N 018-24.000E", true}, {Place, "0N 180W", "0S 180E", true},
		{Place, "54-12-30N 18-24-00E", "54-12.5N 18-24E", true}, {Place, "54-12-31N 18-24E", "54-12.5N 18-24E", false}, {Place, "54.20N 18.40E", "54.20N 18.41E", false}, {Place, "54.20N 18.40E", "54.20S 18.40E", false}, {Place, "54.20N 18.40E", "54.20N 18.40W", false},
		{Place, "54.20N 18.40E", "54-20N 18-40E", false}, {Place, "34UCF1234", "34U CF 12 34", true}, {Place, "34UCF1234", "34UCF12003400", false},
		{Time, "231400Z NOV 26", "2026-11-23T14:00Z", true}, {Time, "231400Z NOV 26", "231401Z NOV 26", false},
		{Height, "300", "0300 M", true}, {Duration, "120 min", "2 h", true}, {Heading, "000", "360", true}, {YesNo, "yes", "si", true}, {Callsign, "GULL-12", "gull 12", true}, {Number, "14", "x", false},
	} {
		if c.t.Equal(c.a, c.b) != c.want || c.t.Equal(c.b, c.a) != c.want {
			t.Errorf("%s: %q and %q: want equal %v", c.t, c.a, c.b, c.want)
		}
	}
}

// language is the phrasebook's part of a language's file.
type language struct{ Title, Template, Label, Word, Reason map[string]string }

func languageOf(t *testing.T, code string) language {
	var all map[string]string
	if _, err := toml.DecodeFile("../../words/"+code+".toml", &all); err != nil {
		t.Fatal(err)
	}
	of := func(prefix string) map[string]string {
		m := map[string]string{}
		for k, w := range all {
			if k, ok := strings.CutPrefix(k, prefix); ok {
				m[k] = w
			}
		}
		return m
	}
	return language{of("phrase.title."), of("phrase.text."), of("phrase.label."), of("phrase.word."), of("reason.")}
}

// SPEC: MSG-014
func TestEveryLanguageHasEveryPhraseAndField(t *testing.T) {
	if len(book) < 16 {
		t.Errorf("%d phrases", len(book))
	}
	for _, p := range book {
		for _, f := range p.Fields {
			if types[f.Type].read == nil {
				t.Errorf("%s: %s is of no type: %q", p.Code, f.Name, f.Type)
			}
		}
	}
	for _, code := range words.Langs() {
		l := languageOf(t, code)
		labels := map[string]bool{}
		for _, p := range book {
			for _, f := range p.Fields {
				labels[f.Name] = true
				if strings.Count(l.Template[p.Code], "{"+f.Name+"}") != 1 {
					t.Errorf("%s %s does not draw %s exactly once", code, p.Code, f.Name)
				}
				if l.Label[f.Name] == "" {
					t.Errorf("%s has no label for %s", code, f.Name)
				}
				if alone := strings.Contains(l.Template[p.Code], "["); f.Optional && !alone {
					t.Errorf("%s %s draws %s without brackets", code, p.Code, f.Name)
				}
			}
			if l.Title[p.Code] == "" || strings.Count(l.Template[p.Code], "{") != len(p.Fields) || strings.Count(l.Template[p.Code], "[") != optional(p) {
				t.Errorf("%s %s: title missing, or a blank or bracket too many or too few", code, p.Code)
			}
		}
		same(t, code+" labels", l.Label, labels)
		values := map[string]bool{"yes": true, "no": true}
		for _, o := range Objects {
			values[o] = true
		}
		same(t, code+" words", l.Word, values)
		reasons := map[string]bool{}
		for r := range languageOf(t, "en").Reason {
			reasons[r] = true
		}
		same(t, code+" reasons", l.Reason, reasons)
		if len(l.Title) != len(book) || len(l.Template) != len(book) {
			t.Errorf("%s has phrases that the book lacks", code)
		}
	}
}

func optional(p Phrase) (n int) {
	for _, f := range p.Fields {
		if f.Optional {
			n++
		}
	}
	return n
}

func same(t *testing.T, what string, have map[string]string, want map[string]bool) {
	t.Helper()
	for k := range want {
		if have[k] == "" {
			t.Errorf("%s: %q is missing", what, k)
		}
	}
	for k := range have {
		if !want[k] {
			t.Errorf("%s: %q belongs to nothing", what, k)
		}
	}
}

// SPEC: MSG-013
func TestRenderDrawsEveryPhrase(t *testing.T) {
	fields := map[string]string{"object": "drone", "place": "54.20N 18.40E", "heading": "045"}
	got, err := Render("it", "IS_THIS_YOURS", fields)
	want := []Span{{Text: "È vostro: "}, {"drone", true, "object"}, {Text: ", posizione "}, {"54.20N 18.40E", true, "place"}, {Text: ", rotta "}, {"045", true, "heading"}, {Text: "?"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, code := range words.Langs() {
		for _, p := range book {
			for _, all := range []bool{true, false} {
				f := filled(p, all)
				spans, err := Render(code, p.Code, f)
				coded := 0
				for _, s := range spans {
					if s.Coded {
						coded++
					}
				}
				if said := joined(spans); err != nil || coded != len(f) || strings.ContainsAny(said, "{}[]") || strings.Contains(said, "  ") {
					t.Errorf("%s %s: %q %v", code, p.Code, said, err)
				}
			}
		}
	}
	if _, err := Render("en", "ATTACK", nil); err == nil {
		t.Error("an unknown code was drawn")
	}
	if _, err := Render("en", "NOT_OURS", map[string]string{"object": "drone", "place": "54.2N 18.4E"}); err == nil {
		t.Error("a value that is not canonical was drawn")
	}
	if Reason("it", "danger-details-follow") != "Pericolo, seguono dettagli" || Reason("it", "own words") != "own words" {
		t.Error("reasons")
	}
}

// SPEC: MSG-011
func TestCanonicalRefusesWhatIsMissingOrUnknown(t *testing.T) {
	p, _ := Find("NOT_OURS")
	for _, c := range []struct {
		fields map[string]string
		field  string
	}{
		{map[string]string{"object": "drone"}, "place"},
		{map[string]string{"object": "drone", "place": "54N 18E", "colour": "red"}, "colour"},
		{map[string]string{"object": "drone", "place": "north of the bridge"}, "place"},
	} {
		if _, err := p.Canonical(c.fields, time.Time{}); err == nil || !strings.HasPrefix(err.Error(), c.field+" ") {
			t.Errorf("%v: %v", c.fields, err)
		}
	}
}

// SPEC: MSG-016
func TestWindowsEndAfterTheyBeginAndAreNotOver(t *testing.T) {
	p, _ := Find("FIRING_EXERCISE")
	fields := filled(p, false)
	for until, good := range map[string]bool{"231301Z NOV 26": true, "2026-11-23T14:30+01:00": true, "231300Z NOV 26": false, "2026-11-23T13:30+01:00": false} {
		fields["until"] = until
		_, err := p.Canonical(fields, time.Time{})
		if (err == nil) != good || !good && !strings.HasPrefix(err.Error(), "until ") {
			t.Errorf("from %s until %s: %v", fields["from"], until, err)
		}
	}
	fields["until"] = "231400Z NOV 26"
	if p.Validate(fields) != nil || p.Timely(fields, time.Date(2026, 11, 23, 13, 59, 0, 0, time.UTC)) != nil {
		t.Error("a window that is still open is refused")
	}
	if p.Timely(fields, time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)) == nil {
		t.Error("a window that is over is taken")
	}
}

// A time of day is understood with its day: the ends of a window are still to come, any other time is the nearest.
//
// SPEC: MSG-017
func TestATimeOfDayIsUnderstoodWithItsDay(t *testing.T) {
	at := time.Date(2026, 11, 24, 3, 22, 8, 0, time.UTC)
	for _, c := range []struct{ field, typed, want string }{
		{"until", "1430", "241430Z NOV 26"}, {"until", "14:30Z", "241430Z NOV 26"}, {"until", "14:30", "241430Z NOV 26"}, {"until", "0321", "250321Z NOV 26"}, {"from", "2300", "242300Z NOV 26"},
		{"time", "0312", "240312Z NOV 26"}, {"time", "2355z", "232355Z NOV 26"}, {"time", "1521", "241521Z NOV 26"}, {"time", "1523", "231523Z NOV 26"}, {"until", "241430Z NOV 26", "241430Z NOV 26"},
		{"until", "2430", ""}, {"until", "14", ""}, {"until", "14:60", ""}, {"until", "1430A", ""}, {"place", "1430", ""},
	} {
		f := Field{c.field, Time, false}
		if c.field == "place" {
			f.Type = Place
		}
		got, err := f.Read(c.typed, at)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s %q: got %q, %v; want %q", c.field, c.typed, got, err, c.want)
		}
	}
	p, _ := Find("KEEP_CLEAR")
	fields := map[string]string{"place": "54.20N 18.40E", "radius": "5000", "until": "1430"}
	if got, err := p.Canonical(fields, at); err != nil || got["until"] != "241430Z NOV 26" || p.Validate(fields) == nil {
		t.Errorf("got %v, %v: what is signed must have its day", got, err)
	}
	if got := p.Typed(map[string]string{"until": "1430"}, at); got["until"] != "241430Z NOV 26" {
		t.Errorf("read back as %v", got)
	}
}

func TestMinutesSayAPlaceOtherwise(t *testing.T) {
	for in, want := range map[string]string{"54.26N 018.52E": "54° 15.6′ N, 18° 31.2′ E", "4-02.5S 8-05W": "4° 2.5′ S, 8° 5.0′ W", "54.99999N 18.40E": "55° 0.0′ N, 18° 24.0′ E", "34UCF1234": ""} {
		if got := Minutes(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// SPEC: MSG-021
func TestDifferNamesTheFields(t *testing.T) {
	p, _ := Find("KEEP_CLEAR")
	fields := filled(p, false)
	for _, c := range []struct {
		typed map[string]string
		want  []string
	}{
		{map[string]string{"place": "54-12N 18-24E", "until": "2026-11-23T14:00Z"}, nil},
		{map[string]string{"place": "54.20N 18.40W", "until": "231400Z NOV 26"}, []string{"place"}},
		{map[string]string{"place": "54.20N 18.40E"}, []string{"until"}},
		{map[string]string{"place": "54.20N 18.40E", "until": "231400Z NOV 26", "radius": "5000"}, []string{"radius"}},
		{map[string]string{"place": "", "until": "231400Z NOV 26", "x": "1"}, []string{"place", "x"}},
	} {
		if got := p.Differ([]string{"place", "until"}, fields, c.typed); !slices.Equal(got, c.want) {
			t.Errorf("%v: got %v, want %v", c.typed, got, c.want)
		}
	}
}

// FuzzParse: what is read has a canonical form that is read as itself and means the same.
func FuzzParse(f *testing.F) {
	for ty := range types {
		f.Add(string(ty), sample[ty])
	}
	f.Add("place", "54-12.5N 18-24E")
	f.Fuzz(func(t *testing.T, ty, s string) {
		c, err := Type(ty).Parse(s)
		if err != nil {
			return
		}
		again, err := Type(ty).Parse(c)
		if err != nil || again != c || !Type(ty).Equal(s, c) || len(c) > maxValue {
			t.Fatalf("%s %q: canonical %q read as %q, %v", ty, s, c, again, err)
		}
	})
}

// joined gives spans as one text.
func joined(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.Text)
	}
	return b.String()
}
