// SPDX-License-Identifier: Apache-2.0

// Package page is the desks' page: the server draws, the browser shows.
//
// A desk is drawn from one view.Desk by one template a panel. Over one WebSocket go the panels that changed, as
// {seq, panel, html}, and a heartbeat every two seconds; back come acts, as the verb and arguments of internal/act,
// and the proof that this desk can ring. After a cut the browser says the number that it has, and gets what is newer.
// What has had no heartbeat for five seconds is hatched and said to be stale: it never looks alive when it is not.
//
// A form (composer, read-back, decline) is a panel of its own, drawn when it is opened and never replaced while it is
// open; while the values of a message are read back, the server draws the page without them.
//
// It is asked over loopback, or over TLS under a name of the house (guard.go). Who comes in holds a cookie whose session is
// kept here, by its hash: begun by a one-time link, or by a passkey (passkey.go), which an officer makes with the slip of an
// invitation (invite.go). A browser may be enrolled as a desk (enrol.go): it is let in with nobody signed on. Who may have
// a link or a slip is decided where it is asked for.
//
// It is not the console, holds no state of the line and decides nothing: it asks its Node for a view and hands it acts.
// The demo's page (demo.go) frames two desks and draws the wire between them; it uses the same script.
// The specification is spec/page.md.
package page
