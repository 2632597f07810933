// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

const (
	maxSDP      = 4 << 10
	maxSections = 8
	ulawType    = 0   // RTP's number of G.711 µ-law
	eventType   = 101 // ours of telephone-event; theirs may be another
)

// session is what a description says of the one sound that is taken: G.711 µ-law, and keys as telephone-event.
type session struct {
	to       netip.AddrPort // where they hear
	events   uint8          // their number of telephone-event; 0: none
	dir      string         // as they said it: sendrecv sendonly recvonly inactive
	sections []string       // the m= lines, each with its port struck out but the one that is taken
	taken    int
}

// held reports whether they do not listen: on hold.
func (s session) held() bool { return s.dir == "sendonly" || s.dir == "inactive" }

var errSDP = errors.New("no sound that fits: G.711 µ-law over plain RTP")

// parseSDP reads an offer or an answer.
//
// SPEC: PHN-020
func parseSDP(b []byte) (s session, err error) {
	if len(b) == 0 || len(b) > maxSDP {
		return s, errSDP
	}
	var all, here netip.Addr // of the session, and of the section that is taken
	port, dir := 0, "sendrecv"
	s.taken = -1
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if len(line) < 2 || line[1] != '=' {
			return s, errSDP
		}
		in := len(s.sections) - 1 // -1: before the first section
		switch value := line[2:]; line[0] {
		case 'm':
			if len(s.sections) == maxSections {
				return s, errSDP
			}
			kept, p, ok := section(value)
			if s.sections = append(s.sections, kept); ok && s.taken < 0 {
				s.taken, port = in+1, p
			}
		case 'c':
			a, ok := address(value)
			switch {
			case !ok && in == s.taken:
				return s, errSDP
			case in < 0:
				all = a
			case in == s.taken:
				here = a
			}
		case 'a':
			if in < 0 || in == s.taken {
				s.attribute(value, in >= 0, &dir)
			}
		}
	}
	if !here.IsValid() {
		here = all
	}
	if s.taken < 0 || !here.IsValid() {
		return s, errSDP
	}
	if s.to, s.dir = netip.AddrPortFrom(here, uint16(port)), cmpDir(s.dir, dir); here.IsUnspecified() { // the old way of holding
		s.dir = "inactive"
	}
	return s, nil
}

// cmpDir is the section's own direction, or the session's.
func cmpDir(own, all string) string {
	if own != "" {
		return own
	}
	return all
}

// section reads an m= line: as it is refused, its port, and whether it is sound that fits.
func section(value string) (refused string, port int, ok bool) {
	f := strings.Fields(value)
	if len(f) < 4 || len(value) > 256 {
		return "audio 0 RTP/AVP 0", 0, false
	}
	port, err := strconv.Atoi(f[1])
	ok = err == nil && port > 0 && port < 1<<16 && f[0] == "audio" && f[2] == "RTP/AVP"
	fits := false
	for _, n := range f[3:] {
		fits = fits || n == "0"
	}
	return f[0] + " 0 " + f[2] + " " + f[3], port, ok && fits
}

// address reads a c= line.
func address(value string) (netip.Addr, bool) {
	f := strings.Fields(value)
	if len(f) != 3 || f[0] != "IN" {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(f[2])
	return a, err == nil && !a.IsMulticast() && a.Zone() == ""
}

func (s *session) attribute(value string, inSection bool, all *string) {
	switch name, rest, _ := strings.Cut(value, ":"); name {
	case "sendrecv", "sendonly", "recvonly", "inactive":
		if inSection {
			s.dir = name
		} else {
			*all = name
		}
	case "rtpmap":
		n, what, _ := strings.Cut(rest, " ")
		if k, err := strconv.Atoi(n); err == nil && k >= 96 && k < 128 && strings.EqualFold(what, "telephone-event/8000") {
			s.events = uint8(k)
		}
	}
}

// describe writes our description: an offer, or the answer to theirs.
//
// SPEC: PHN-021
func describe(at netip.AddrPort, id int64, version int, theirs *session) string {
	var b strings.Builder
	family, events, dir := "IP4", uint8(eventType), "sendrecv"
	if at.Addr().Is6() {
		family = "IP6"
	}
	fmt.Fprintf(&b, "v=0\r\no=- %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n", id, version, family, at.Addr(), family, at.Addr())
	sections, taken := []string{""}, 0
	if theirs != nil {
		sections, taken, events = theirs.sections, theirs.taken, theirs.events
		dir = map[string]string{"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}[theirs.dir]
	}
	for i, m := range sections {
		if i != taken {
			fmt.Fprintf(&b, "m=%s\r\n", m)
			continue
		}
		if events == 0 {
			fmt.Fprintf(&b, "m=audio %d RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n", at.Port())
		} else {
			fmt.Fprintf(&b, "m=audio %d RTP/AVP 0 %d\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", at.Port(), events, events, events)
		}
		fmt.Fprintf(&b, "a=ptime:20\r\na=silenceSupp:off - - - -\r\na=%s\r\n", dir)
	}
	return b.String()
}
