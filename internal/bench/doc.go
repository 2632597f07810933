// SPDX-License-Identifier: Apache-2.0

// Package bench measures what this project promises in figures, as ratios within one run so that the
// machine's own speed falls out, each beside its bar. `make bench` prints the table.
//
// It has tests only, so nothing of it is in the product:
//
//	table_test.go   the table, and the order in which the rows are measured
//	pair_test.go    two real nodes in this process: own stores, real sockets, two cables
//	speed_test.go   a call while cables are cut, send to held, a FLASH over a long path, a full record
//	kill_test.go    two nodes as processes, killed at random instants; a short form runs with every test
//	bulk_test.go    statements in bulk: the longest step of the loop, a refill, verify
//	page_test.go    the page with a long record and with many desks, its files
//	scale_test.go   a record of 100,000 statements (seed_test.go lays it): start, views, memory, export
//	size_test.go    memory, idle traffic, the build, the lines, the dependencies
//	micro_test.go   what one frame, one commit, one statement costs, from the packages' own benchmarks
//
// What it is not: a load test, or a judgement over another machine's disk.
package bench
