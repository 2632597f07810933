// SPDX-License-Identifier: Apache-2.0

package phone

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pion/srtp/v3"
)

const (
	maxSDP      = 4 << 10
	maxSections = 8
	ulawType    = 0 // RTP's number of G.711 µ-law
	alawType    = 8 // and of A-law
	wideType    = 9 // and of G.722, whose clock says 8000 though it is sampled at 16,000: RFC 3551
	noLaw       = 255
	eventType   = 101 // ours of telephone-event; theirs may be another
)

// session is what a description says of the one sound that is taken: G.711, and keys as telephone-event.
type session struct {
	to       netip.AddrPort // where they hear
	law      uint8          // in which they would hear it: ulawType, alawType, wideType
	spare    uint8          // their G.711; noLaw: none
	events   uint8          // their number of telephone-event; 0: none
	dir      string         // as they said it: sendrecv sendonly recvonly inactive
	sections []string       // the m= lines, each with its port struck out but the one that is taken
	taken    int
	key      []byte        // of their sound, sealed by SRTP (RFC 4568); nil: it goes in the clear
	keyTag   string        // of the line that named it
	in, out  *srtp.Context // of the leg that has it: what opens theirs, and seals ours
}

// Whether sound is sealed: over a trunk whose SIP is, it may be, and where the configuration says so it must.
const (
	inClear     = ""
	mayBeSealed = "may"
	isSealed    = "must"
)

// held reports whether they do not listen: on hold.
func (s session) held() bool { return s.dir == "sendonly" || s.dir == "inactive" }

var errSDP = errors.New("no sound that fits: G.711 over RTP, sealed where it must be")

// parseSDP reads an offer or an answer; sealed says whether its sound may be, or must be.
//
// SPEC: PHN-020 PHN-022
func parseSDP(b []byte, sealed string) (s session, err error) {
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
			kept, p, law, spare := section(value, sealed)
			if s.sections = append(s.sections, kept); p > 0 && s.taken < 0 {
				s.taken, port, s.law, s.spare = in+1, p, law, spare
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
	if s.taken >= 0 && strings.Contains(s.sections[s.taken], "RTP/AVP") { // keys beside it are for who would rather seal: RFC 8643
		s.key, s.keyTag = nil, ""
	}
	if s.taken < 0 || !here.IsValid() || (s.key != nil) != strings.Contains(s.sections[s.taken], "RTP/SAVP") {
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

// section reads an m= line: as it is refused, its port (0: it is no sound that fits), which it names first of G.722 and the
// laws, and which of the laws.
func section(value, sealed string) (refused string, port int, law, spare uint8) {
	law, spare = noLaw, noLaw
	f := strings.Fields(value)
	if len(f) < 4 || len(value) > 256 {
		return "audio 0 RTP/AVP 0", 0, law, spare
	}
	port, err := strconv.Atoi(f[1])
	ok := err == nil && port > 0 && port < 1<<16 && f[0] == "audio" && (f[2] == "RTP/AVP" && sealed != isSealed || f[2] == "RTP/SAVP" && sealed != inClear)
	refused = f[0] + " 0 " + f[2] + " " + f[3]
	for _, n := range f[3:] {
		k, number := map[string]uint8{"0": ulawType, "8": alawType, "9": wideType}[n]
		if number && law == noLaw {
			law = k
		}
		if number && k != wideType && spare == noLaw {
			spare = k
		}
	}
	if !ok || law == noLaw {
		port = 0
	}
	return refused, port, law, spare
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
	case "crypto":
		if inSection && s.key == nil {
			s.keyTag, s.key = cryptoOf(rest)
		}
	case "rtpmap":
		n, what, _ := strings.Cut(rest, " ")
		if k, err := strconv.Atoi(n); err == nil && k >= 96 && k < 128 && strings.EqualFold(what, "telephone-event/8000") {
			s.events = uint8(k)
		}
	}
}

const (
	suite  = "AES_CM_128_HMAC_SHA1_80"
	keyLen = 16 + 14 // the key and its salt
)

// cryptoOf reads a crypto line: of the one suite, with one key and nothing that changes how it is used. SPEC: PHN-022
func cryptoOf(value string) (tag string, key []byte) {
	f := strings.Fields(value)
	if len(f) != 3 || f[1] != suite || len(f[0]) > 9 || !strings.HasPrefix(f[2], "inline:") {
		return "", nil
	}
	text, life, _ := strings.Cut(strings.TrimPrefix(f[2], "inline:"), "|")
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != keyLen || strings.Contains(life, ":") { // a key with an index of its own
		return "", nil
	}
	return f[0], key
}

// describe writes our description: an offer, or the answer to theirs; key is that of our sound, nil where it goes in the clear;
// wide: an offer names G.722 before G.711.
//
// SPEC: PHN-021 PHN-022
func describe(at netip.AddrPort, id int64, version int, theirs *session, key []byte, wide bool) string {
	var b strings.Builder
	family, events, dir := "IP4", uint8(eventType), "sendrecv"
	if at.Addr().Is6() {
		family = "IP6"
	}
	fmt.Fprintf(&b, "v=0\r\no=- %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n", id, version, family, at.Addr(), family, at.Addr())
	sections, taken, how, tag, laws := []string{""}, 0, "RTP/AVP", "1", []int{ulawType, alawType}
	if key != nil {
		how = "RTP/SAVP"
	}
	if wide {
		laws = append([]int{wideType}, laws...)
	}
	if theirs != nil {
		tag, laws = theirs.keyTag, []int{int(theirs.law)}
		sections, taken, events = theirs.sections, theirs.taken, theirs.events
		dir = map[string]string{"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}[theirs.dir]
	}
	for i, m := range sections {
		if i != taken {
			fmt.Fprintf(&b, "m=%s\r\n", m)
			continue
		}
		if events != 0 {
			laws = append(laws, int(events))
		}
		fmt.Fprintf(&b, "m=audio %d %s %s\r\n", at.Port(), how, strings.Trim(fmt.Sprint(laws), "[]"))
		for _, n := range laws {
			switch n {
			case ulawType:
				b.WriteString("a=rtpmap:0 PCMU/8000\r\n")
			case wideType:
				b.WriteString("a=rtpmap:9 G722/8000\r\n")
			case alawType:
				b.WriteString("a=rtpmap:8 PCMA/8000\r\n")
			default:
				fmt.Fprintf(&b, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%[1]d 0-15\r\n", n)
			}
		}
		if key != nil {
			fmt.Fprintf(&b, "a=crypto:%s %s inline:%s\r\n", tag, suite, base64.StdEncoding.EncodeToString(key))
		}
		fmt.Fprintf(&b, "a=ptime:20\r\na=silenceSupp:off - - - -\r\na=%s\r\n", dir)
	}
	return b.String()
}
