// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"parley": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}))
	}})
}

// The scripts are the shell's specification by example: every verb with good and bad input.
//
// SPEC: CLI-070 ALM-020 SHT-002 SHT-007 SHT-010 SHT-011 CLI-008 CLI-009 CLI-036 CLI-045 CLI-015 CLI-016 CLI-030 CLI-031 CLI-032 CLI-033 CLI-034
func TestScriptsDoWhatTheySay(t *testing.T) {
	deadline, _ := t.Deadline() // a busy machine takes its time
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", ContinueOnError: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PARLEY_HOME", e.WorkDir+"/home")
			e.Setenv("LANG", "C")
			free, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				return err
			}
			e.Setenv("PORT", strconv.Itoa(free.LocalAddr().(*net.UDPAddr).Port)) // that nobody has on this machine
			free.Close()
			// Addresses of this process alone: another run of the same scripts may be under way on this machine.
			pid := os.Getpid()
			e.Setenv("IP", fmt.Sprintf("127.%d.%d", 64+pid/250%128, 1+pid%250))
			e.Defer(func() { // whatever a script started with try ends with it
				a := &app{stdio: stdio{strings.NewReader(""), io.Discard, io.Discard}, lang: "en"}
				_ = a.tryStop(filepath.Join(e.WorkDir, "try"))
				files, _ := filepath.Glob(filepath.Join(e.WorkDir, "*.pid"))
				for _, f := range files {
					b, _ := os.ReadFile(f)
					pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
					cmd, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
					if pid > 1 && strings.HasSuffix(string(cmd), "\x00serve\x00") {
						_ = syscall.Kill(pid, syscall.SIGKILL)
					}
				}
			})
			return nil
		},
		Deadline: deadline.Add(-10 * time.Second),
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code": exitCode, "ends": ends, "eventually": eventually, "id": takeID, "number": takeNumber,
		},
	})
}

// exitCode runs a command and wants its exit code: code 64 parley send.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if x, ok := err.(interface{ ExitCode() int }); ok {
		got = strconv.Itoa(x.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// eventually runs a command until its output has the pattern: eventually PATTERN parley inbox.
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: eventually PATTERN COMMAND…")
	}
	re := regexp.MustCompile("(?m)" + args[0])
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		_ = ts.Exec(args[1], args[2:]...)
		if re.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%q never came: %s", args[0], ts.ReadFile("stdout"))
		}
	}
}

// ends runs a command until it shows no call any more, and wants that within three seconds, and what a busy machine takes
// for asking: ends parley status.
//
// SPEC: CLI-014
func ends(ts *testscript.TestScript, _ bool, args []string) {
	began, asked := time.Now(), time.Duration(0)
	for {
		before := time.Now()
		ts.Check(ts.Exec(args[0], args[1:]...))
		asked = max(asked, time.Since(before))
		if !strings.Contains(ts.ReadFile("stdout"), "CONNECTED") {
			break
		}
		if time.Since(began) > time.Minute {
			ts.Fatalf("the call goes on: %s", ts.ReadFile("stdout"))
		}
	}
	took := time.Since(began)
	ts.Logf("the call ended after %v, asking took up to %v", took.Round(10*time.Millisecond), asked.Round(time.Millisecond))
	if took > 3*time.Second+10*asked {
		ts.Fatalf("the call ended after %v", took)
	}
}

// takeID keeps the first short ID of the output: id MSG.
func takeID(ts *testscript.TestScript, _ bool, args []string) {
	id := regexp.MustCompile(`[AB][0-9]+-[0-9]+`).FindString(ts.ReadFile("stdout"))
	if id == "" || len(args) != 1 {
		ts.Fatalf("no short ID in the output")
	}
	ts.Setenv(args[0], id)
}

// takeNumber keeps the pairing number of the output of confirm --json: number A6.
func takeNumber(ts *testscript.TestScript, _ bool, args []string) {
	m := regexp.MustCompile(`"number": "([0-9]{6})"`).FindStringSubmatch(ts.ReadFile("stdout"))
	if m == nil || len(args) != 1 {
		ts.Fatalf("no pairing number in the output")
	}
	ts.Setenv(args[0], m[1])
}
