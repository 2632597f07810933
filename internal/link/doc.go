// SPDX-License-Identifier: Apache-2.0

// Package link proves who speaks and carries what they say; it never knows what it means.
//
// A line between two nodes has one or more paths: a path is one local address and one address of the peer, over UDP or
// TCP. Each path over UDP has a QUIC connection (control stream, bulk stream) and a lane session: sealed
// packets of ours on the same socket, keyed by that connection's TLS exporter, for probes, voice and whatever must
// arrive now (call signals, urgent statements, receipts). The lane's session outlives its connection; the lane, not
// QUIC, judges the path. A path over TCP has TLS and a mux of ours in the place of QUIC, and its lane is in the connection: two
// carriers of one session.
//
// What happens to one datagram, in the order of the files:
//
//	bind.go     socket → lane packet, long header with our trailer, short header, or nothing; QUIC gets only its own
//	carrier.go  what a session asks of its connection, and QUIC's answers; tcp.go, mux.go those of TLS on TCP
//	trailer.go  the MAC that strangers cannot make: without it there is no answer of any kind; long datagrams in pieces
//	lane.go     index → session → replay window → open → caps → kind
//	session.go  keys, counters, seal
//	voice.go    frames out over every live path with the k before them; frames in to Config.OnFrame
//	path.go     liveness, probes, the clock of the link (one goroutine, 20 ms)
//	report.go   does a packet of full size pass, and what each end sees of the paths
//	repeat.go   what is said again until it is answered
//	tls.go      the pinned key of the peer, and what a connection is for
//	conn.go     dial, accept, hello, which connection of a path stays; control.go the messages of its control stream
//	bulk.go     the one bulk stream on the best path
//	event.go    the bounded queue to the node
//
// It is not a record, knows no kind of statement and never waits for its user: a full queue drops what is repeated
// anyhow and stops reading the bulk stream.
//
// Locks: Link.mu guards paths, connections and repeats; voice takes only its own two. Nothing is called back under
// Link.mu; a carrier locks itself, innermost. Goroutines: one reader and one accepter a bind, one clock, one pump of events, and while they live one a
// dial, two a connection (four over TCP), three a bulk stream (it is read, handed on in order, and written) and one a message that is prepared.
// The protocol is in spec/link.md.
package link
