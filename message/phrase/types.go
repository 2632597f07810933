// SPDX-License-Identifier: Apache-2.0

package phrase

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/parley/statement"
)

// Type is the type of a field: how it is read, written and compared.
type Type string

const (
	Place    Type = "place"    // 54.20N 18.40E · 54-12.5N 18-24E · 54-12-30N 18-24-00E · 34UCF1234567890
	Time     Type = "time"     // 231400Z NOV 26
	Height   Type = "height"   // metres above mean sea level, -500 … 100000
	Distance Type = "distance" // metres, 1 … 1000000
	Number   Type = "number"   // 0 … 999999
	Heading  Type = "heading"  // degrees true, 001 … 360
	Duration Type = "duration" // 90 min · 45 s, up to 14 days
	Callsign Type = "callsign" // at most 24 of A-Z 0-9 -
	Zone     Type = "zone"     // an agreed zone's name, at most 12 of A-Z 0-9 -
	YesNo    Type = "yes-no"
	Object   Type = "object" // a word of Objects
)

// Objects are the words that an object field may hold; each language renders them.
var Objects = []string{"aircraft", "drone", "helicopter", "missile", "person", "ship", "small-boat", "submarine", "troops", "unknown", "vehicle"}

// maxValue bounds a value before it is read.
const maxValue = 64

// Parse reads a value as a person may type it and gives its canonical form.
// Spaces around it, case, and the type's own ways of writing a number are of no account; anything else is refused.
func (t Type) Parse(s string) (canonical string, err error) {
	canonical, _, err = t.read(s)
	return canonical, err
}

// Equal reports whether two values mean the same.
func (t Type) Equal(a, b string) bool {
	_, ka, err := t.read(a)
	if err != nil {
		return false
	}
	_, kb, err := t.read(b)
	return err == nil && ka == kb
}

// Example shows how a value is written, in no language.
func (t Type) Example() string { return types[t].example }

func (t Type) refuse() error {
	if t == Height || t == Distance {
		return statement.Refuse("", "is not a %s: write it as %s, whole metres", t, t.Example())
	}
	return statement.Refuse("", "is not a %s: write it as %s", t, t.Example())
}

// read gives the canonical form and the key that equal meanings share.
func (t Type) read(s string) (canonical, key string, err error) {
	if len(s) > maxValue {
		return "", "", t.refuse()
	}
	if t == Place {
		s = marks.Replace(s)
	}
	if t == YesNo && strings.EqualFold(strings.TrimSpace(s), "sì") {
		s = "si"
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7E }) {
		return "", "", t.refuse()
	}
	s = strings.ToUpper(strings.Join(strings.Fields(s), " "))
	if s == "" {
		return "", "", t.refuse()
	}
	canonical, key, ok := types[t].read(s)
	if !ok {
		return "", "", t.refuse()
	}
	return canonical, key, nil
}

// types are how each is written and read. What is read is in upper case, with single blanks; a key is given where one
// meaning is written in several ways.
var types = map[Type]struct {
	example string
	read    func(s string) (canonical, key string, ok bool)
}{
	Place:    {"54.20N 18.40E · 54-12N 18-24E · 34UCF1234567890", readPlace},
	Time:     {"231400Z NOV 26", plain(readTime)},
	Height:   {"300", plain(metres(-500, 100000))},
	Distance: {"5000", plain(metres(1, 1000000))},
	Number:   {"14", plain(func(s string) (string, bool) { return readInt(s, 0, 999999) })},
	Heading:  {"045", plain(readHeading)},
	Duration: {"90 min · 2 h · 45 s", readDuration},
	Callsign: {"GULL-12", plain(name(24))},
	Zone:     {"NORTH-2", plain(name(12))},
	YesNo: {"yes · no", plain(func(s string) (c string, ok bool) {
		c, ok = map[string]string{"YES": "yes", "Y": "yes", "SI": "yes", "S": "yes", "NO": "no", "N": "no"}[s]
		return c, ok
	})},
	Object: {strings.Join(Objects, " · "), plain(readObject)},
}

// plain is a reader of what has one way to be written.
func plain(read func(string) (string, bool)) func(string) (canonical, key string, ok bool) {
	return func(s string) (string, string, bool) {
		c, ok := read(s)
		return c, c, ok
	}
}

var (
	decimalPair = regexp.MustCompile(`^(\d{1,2}(?:\.\d{1,5})?)[- ]?([NS]),? ?(\d{1,3}(?:\.\d{1,5})?)[- ]?([EW])$`)
	minutePair  = regexp.MustCompile(`^(\d{1,2})[- ]{1,2}(\d{1,2}(?:\.\d{1,3})?)(?:[- ]{1,2}(\d{1,2}(?:\.\d{1,2})?))?[- ]{0,2}([NS]),? ?(\d{1,3})[- ]{1,2}(\d{1,2}(?:\.\d{1,3})?)(?:[- ]{1,2}(\d{1,2}(?:\.\d{1,2})?))?[- ]{0,2}([EW])$`)
	grid        = regexp.MustCompile(`^(\d{1,2})([C-HJ-NP-X])([A-HJ-NP-Z]{2})(\d{2,10})$`)
)

// Minutes writes a place in degrees and minutes, as it may stand on another chart; "" for a grid reference.
func Minutes(place string) string {
	var lat, lon int
	_, key, _ := Place.read(place)
	if n, _ := fmt.Sscanf(key, "%d %d", &lat, &lon); n != 2 {
		return ""
	}
	half := func(n int, plus, minus string) string {
		if n < 0 {
			n, plus = -n, minus
		}
		tenths := (n*600 + degree/2) / degree
		return fmt.Sprintf("%d° %d.%d′ %s", tenths/600, tenths%600/10, tenths%10, plus)
	}
	return half(lat, "N", "S") + ", " + half(lon, "E", "W")
}

// marks gives the signs of degrees, minutes and seconds one way of writing.
var marks = strings.NewReplacer("°", "-", "º", "-", "''", "", "\"", "", "″", "", "”", "", "'", "-", "′", "-", "’", "-")

// degree in units that hold five decimals of a degree, three of a minute and two of a second exactly.
const degree = 18_000_000

// readPlace reads latitude and longitude in decimal degrees or in degrees, minutes and seconds, or a grid reference.
// The form chosen by the author stays; the key is the meaning.
func readPlace(s string) (canonical, key string, ok bool) {
	if m := decimalPair.FindStringSubmatch(s); m != nil {
		lat, latText := units(m[1], degree, 5)
		lon, lonText := units(m[3], degree, 5)
		return pair(latText+m[2]+" "+lonText+m[4], lat, m[2], lon, m[4])
	}
	if m := minutePair.FindStringSubmatch(s); m != nil {
		lat, latText, ok1 := sixtieths(m[1:4], "%02d-")
		lon, lonText, ok2 := sixtieths(m[5:8], "%d-")
		if !ok1 || !ok2 {
			return "", "", false
		}
		return pair(latText+m[4]+" "+lonText+m[8], lat, m[4], lon, m[8])
	}
	m := grid.FindStringSubmatch(strings.ReplaceAll(s, " ", ""))
	if m == nil || len(m[4])%2 != 0 || atoi(m[1]) < 1 || atoi(m[1]) > 60 {
		return "", "", false
	}
	canonical = fmt.Sprintf("%02d%s%s%s", atoi(m[1]), m[2], m[3], m[4])
	return canonical, canonical, true
}

// sixtieths reads degrees, minutes and maybe seconds; only the last of them has decimals.
func sixtieths(m []string, form string) (n int, text string, ok bool) {
	minutes, minText := units(m[1], degree/60, 0)
	n, text = atoi(m[0])*degree+minutes, fmt.Sprintf(form, atoi(m[0]))+pad(minText)
	if m[2] == "" {
		return n, text, minutes < degree
	}
	seconds, secText := units(m[2], degree/3600, 0)
	return n + seconds, text + "-" + pad(secText), minutes < degree && seconds < degree/60 && !strings.Contains(m[1], ".")
}

// pair checks the ranges and makes the key; nought has no hemisphere.
func pair(text string, lat int, ns string, lon int, ew string) (string, string, bool) {
	if lat > 90*degree || lon > 180*degree {
		return "", "", false
	}
	if ns == "S" {
		lat = -lat
	}
	if ew == "W" && lon != 180*degree {
		lon = -lon
	}
	return text, fmt.Sprintf("%d %d", lat, lon), true
}

// units reads a decimal number in units, exactly, and writes it with at least two decimals (places > 0) or as few as it has.
func units(s string, unit, places int) (int, string) {
	whole, frac, _ := strings.Cut(s, ".")
	frac = strings.TrimRight(frac, "0")
	n := atoi(whole) * unit
	scale := unit
	for _, d := range frac {
		scale /= 10
		n += int(d-'0') * scale
	}
	if places > 0 {
		for len(frac) < 2 {
			frac += "0"
		}
	}
	if frac != "" {
		return n, strconv.Itoa(atoi(whole)) + "." + frac
	}
	return n, strconv.Itoa(atoi(whole))
}

// pad gives minutes two digits before the point.
func pad(s string) string {
	if whole, _, _ := strings.Cut(s, "."); len(whole) == 1 {
		return "0" + s
	}
	return s
}

// atoi reads digits that a pattern has already bounded.
func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// readTime reads an instant to the minute, as people write it, and gives a date-time group.
func readTime(s string) (string, bool) {
	t, err := statement.ReadInstant(s)
	return DTG(t), err == nil && t.Second() == 0 && t.Year() >= 2000 && t.Year() < 2069
}

// DTG writes a time as a date-time group, to the minute.
func DTG(t time.Time) string { return strings.ToUpper(t.UTC().Format("021504Z Jan 06")) }

func readInt(s string, low, high int) (string, bool) {
	s = strings.ReplaceAll(s, " ", "")
	neg := strings.HasPrefix(s, "-")
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || len(digits) > 9 || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	n := atoi(digits)
	if neg {
		n = -n
	}
	return strconv.Itoa(n), n >= low && n <= high
}

func metres(low, high int) func(string) (string, bool) {
	return func(s string) (string, bool) { return readInt(strings.TrimSuffix(s, "M"), low, high) }
}

func readHeading(s string) (string, bool) {
	n, ok := readInt(s, 0, 360)
	if n == "0" {
		n = "360"
	}
	return fmt.Sprintf("%03d", atoi(n)), ok
}

var span = regexp.MustCompile(`^(\d{1,5}) ?(S|SEC|MIN|H)$|^(\d{1,3}) ?H ?(\d{2})(?: ?MIN)?$`)

func readDuration(s string) (canonical, key string, ok bool) {
	m := span.FindStringSubmatch(s)
	if m == nil {
		return "", "", false
	}
	n := atoi(m[1]) * map[string]int{"S": 1, "SEC": 1, "MIN": 60, "H": 3600}[m[2]]
	if m[3] != "" {
		if atoi(m[4]) > 59 {
			return "", "", false
		}
		n = atoi(m[3])*3600 + atoi(m[4])*60
	}
	if n < 1 || n > 14*86400 {
		return "", "", false
	}
	canonical = fmt.Sprintf("%d s", n)
	if n%60 == 0 {
		canonical = fmt.Sprintf("%d min", n/60)
	}
	return canonical, strconv.Itoa(n), true
}

// name reads an agreed name of at most so many letters.
func name(most int) func(string) (string, bool) {
	return func(s string) (string, bool) {
		s = strings.ReplaceAll(s, " ", "-")
		return s, len(s) <= most && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == "" && strings.Trim(s, "-") != ""
	}
}

func readObject(s string) (string, bool) {
	s = strings.ToLower(strings.ReplaceAll(s, " ", "-"))
	return s, slices.Contains(Objects, s)
}
