// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pion/webrtc/v4"

	"example.org/parley/internal/voice"
)

// maxOffer is the longest offer that is looked at; Chromium's have 3 to 6 KiB.
const maxOffer = 64 << 10

// fmtp is written into every answer: pion would repeat the browser's own.
// No ptime: 20 ms is what browsers send unasked, and with it Chromium refuses to change its codec in a call.
// No usedtx: an armed desk must send all the time, else its silence could not be told from its death.
const fmtp = "minptime=10;useinbandfec=1;stereo=0;maxaveragebitrate=32000;cbr=1"

// Without parameters: where one of the browser's differs from ours (Firefox wants stereo) pion would answer µ-law alone.
var opus = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}

var ulaw = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: voice.Rate, Channels: 1}

// ErrOffer is why an offer is not taken.
var ErrOffer = errors.New("not an offer of sound")

func refuse(why string) error { return fmt.Errorf("%w: %s", ErrOffer, why) }

// cleanOffer takes an offer of audio sections with Opus, one for each speaker that the page plays, without the browser's candidates: the
// node sends nothing to addresses and names that a page gives it, it waits to be spoken to.
//
// SPEC: VOX-021
func cleanOffer(sdp string) (string, error) {
	if len(sdp) > maxOffer {
		return "", refuse("longer than 64 KiB")
	}
	var out strings.Builder
	sections, withOpus := 0, 0 // the last one that has it
	for line := range strings.Lines(sdp) {
		line = strings.TrimRight(line, "\r\n")
		switch low := strings.ToLower(line); {
		case line == "" || strings.HasPrefix(low, "a=candidate"):
			continue
		case strings.HasPrefix(low, "m="):
			if withOpus != sections {
				return "", refuse("no Opus")
			}
			if sections++; sections > Tracks || !strings.HasPrefix(low, "m=audio ") {
				return "", refuse("something else than at most four audio sections")
			}
		case strings.HasPrefix(low, "a=rtpmap:") && strings.HasSuffix(low, " opus/48000/2"):
			withOpus = sections
		}
		out.WriteString(line)
		out.WriteString("\r\n")
	}
	if sections == 0 {
		return "", refuse("no audio section")
	}
	if withOpus != sections {
		return "", refuse("no Opus")
	}
	return out.String(), nil
}

// ownAnswer replaces what pion says of Opus by ours, and asks for µ-law first in the second section.
//
// SPEC: VOX-023
func ownAnswer(sdp string) (string, error) {
	pts := []string{}
	for line := range strings.Lines(sdp) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "a=rtpmap:")
		if number, codec, _ := strings.Cut(rest, " "); ok && strings.EqualFold(codec, "opus/48000/2") {
			pts = append(pts, number)
		}
	}
	if len(pts) == 0 {
		return "", refuse("no Opus in common")
	}
	var out strings.Builder
	sections := 0
	for line := range strings.Lines(sdp) {
		name, rest, _ := strings.Cut(line, ":")
		pt, _, _ := strings.Cut(rest, " ")
		ours := slices.Contains(pts, pt)
		if name == "a=fmtp" && ours {
			continue
		}
		if strings.HasPrefix(line, "m=") {
			if sections++; sections == 2 {
				f := strings.Fields(line)
				if i := slices.Index(f, "0"); i > 3 {
					copy(f[4:], f[3:i])
					f[3] = "0"
				}
				line = strings.Join(f, " ") + "\r\n"
			}
		}
		out.WriteString(line)
		if name == "a=rtpmap" && ours {
			out.WriteString("a=fmtp:" + pt + " " + fmtp + "\r\n")
		}
	}
	return out.String(), nil
}
