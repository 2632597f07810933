// SPDX-License-Identifier: Apache-2.0

// Command parley is the one binary: node, shell and offline verifier of a deconfliction line.
//
// main hands over to run, which makes the commands, asks the running node over the home's socket, and
// turns what came of it into an exit code:
//
//	0 done or HOLDS · 1 refused or DOES NOT HOLD · 2 CANNOT BE KNOWN · 64 wrong usage · 69 the node is not running
//
// The verbs that are acts come from internal/verbs; those that are not stand here, one file each:
//
//	run.go     flags, exit codes, error: and hint:
//	acts.go    every act, and how its reply is printed
//	house.go   init, sheet, pair, version
//	record.go  export, claim, verify, read
//	setup.go   setup: a line by eight questions, and what comes next
//	backup.go  backup, restore · erase.go line erase
//	doctor.go  doctor: what is wrong, and what to do · ports.go the firewall's table
//	desk.go    desk and ring --wait: a terminal that can ring
//	serve.go   the node: lines, pairing, page, socket
//	notify.go  the supervisor of the service is told that it lives
//	try.go     two paired homes in a directory, running
//
// Its spec is spec/cli.md.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}
