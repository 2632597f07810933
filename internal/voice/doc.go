// SPDX-License-Identifier: Apache-2.0

// Package voice is sound as frames in time: who may speak, which frame is new, which is too late.
//
// A line has one Port. Outward it numbers the frames of the call that its gate lets pass, each speaker's (source) by
// themselves; inward it drops what came before (two paths carry everything twice), what is too late to be heard, and what
// belongs to no call of ours, and it counts. The order is the number's: whoever plays a frame puts
// it where its number says (edge/web by the RTP number, Ear by its place in the window).
//
// It also makes and measures tones in G.711 µ-law, for the daily check and for a call without a
// browser: there is no Opus encoder without cgo, so a frame of Opus is opaque here, and only its
// size is looked at.
//
// Nothing here waits, logs, returns an error for a bad frame, or allocates per frame. Time comes in
// as a parameter. It knows no statement, no store and no socket; a slow disk is never heard.
//
// The spec is spec/voice.md (VOX).
package voice
