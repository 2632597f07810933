// SPDX-License-Identifier: Apache-2.0

package control

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// seatOf asks the kernel who is connected.
//
// SPEC: CLI-010
func seatOf(c *net.UnixConn) (seat, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return seat{}, fmt.Errorf("couldn't ask for the peer: %w", err)
	}
	var cred *unix.Ucred
	var cerr error
	if err := raw.Control(func(fd uintptr) { cred, cerr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return seat{}, fmt.Errorf("couldn't ask for the peer: %w", err)
	}
	if cerr != nil {
		return seat{}, fmt.Errorf("couldn't ask for the peer: %w", cerr)
	}
	session, tty, _, err := readStat(int(cred.Pid))
	return seat{Account: accountName(int(cred.Uid)), Desk: deskName(session, tty), Session: sessionMark(session)}, err
}

func accountName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "uid-" + strconv.Itoa(uid)
}

var errStat = errors.New("not a line of /proc/PID/stat")

// parseStat reads what /proc/PID/stat says of a process's place: the fields after the command, which may hold anything in
// its brackets.
func parseStat(s string) (session, tty int, start string, err error) {
	i := strings.LastIndexByte(s, ')')
	f := strings.Fields(s[i+1:])
	if i < 0 || len(f) < 20 {
		return 0, 0, "", errStat
	}
	if f[0] == "Z" || f[0] == "X" { // it has ended; nobody has taken note of it yet
		return 0, 0, "", errStat
	}
	session, err = strconv.Atoi(f[3])
	tty, err2 := strconv.Atoi(f[4])
	if err != nil || err2 != nil {
		return 0, 0, "", errStat
	}
	return session, tty, f[19], nil
}

func readStat(pid int) (session, tty int, start string, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, "", fmt.Errorf("couldn't ask for the peer's terminal: %w", err)
	}
	return parseStat(string(b))
}

// deskName names the terminal, else the session.
func deskName(session, tty int) string {
	n := uint32(tty)
	major, minor := n>>8&0xfff, n&0xff|n>>12&0xfff00
	switch {
	case tty == 0:
		return "session-" + strconv.Itoa(session)
	case major >= 136 && major <= 143:
		return fmt.Sprintf("pts/%d", minor+(major-136)*256)
	case major == 4 && minor < 64:
		return fmt.Sprintf("tty%d", minor)
	case major == 4:
		return fmt.Sprintf("ttyS%d", minor-64)
	}
	return fmt.Sprintf("tty-%d-%d", major, minor)
}

// sessionMark names a session so that neither a reused number nor another boot can pass for it.
func sessionMark(sid int) string {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	start := "?"
	if _, _, at, err := readStat(sid); err == nil && sid > 0 {
		start = at
	}
	return fmt.Sprintf("%.8s/%d/%s", boot, sid, start)
}

// sessionEnded reports whether the session of a mark is certainly over.
func sessionEnded(mark string) bool {
	f := strings.Split(mark, "/")
	if len(f) != 3 || f[2] == "?" {
		return len(f) != 3
	}
	sid, err := strconv.Atoi(f[1])
	return err != nil || sessionMark(sid) != mark
}

// Session watches the session of this process: ended reports whether it is over.
func Session() (ended func() bool) {
	sid, _ := unix.Getsid(0) // of ourselves: cannot fail
	mark := sessionMark(sid)
	return func() bool { return sessionEnded(mark) }
}
