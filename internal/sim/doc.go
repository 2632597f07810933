// SPDX-License-Identifier: Apache-2.0

// Package sim is the test world: two parties, their nodes, disks, cables and clocks, in one process.
//
// A conversation is a text file of testdata that a duty officer can read: at this second this party
// does that, now this is what the other sees. It is played on two real node.Lines with real store
// files; time and network are simulated (real links in testing/synctest on a memnet.Net), so an hour of
// overdue steps takes two seconds. A few conversations are played again over real sockets.
//
//	world_test.go    the parties, kill, start, freeze; disk_test.go their disks
//	script_test.go   what a world does of a story.Script (-update writes what was seen)
//	see_test.go      what a desk sees, in one line each
//	sim_test.go      the conversations; kill_, orders_, hostile_, start_, waits_ and socket_test.go what a file cannot say
//
// It is not the demo (internal/story, real time, real processes), and it holds no code of the product.
// Spec: what these tests prove is NOD and EXC, spec/node.md and spec/exchange.md.
package sim
