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

// Peer is the process at the other end of a connection, as the kernel tells.
type Peer struct {
	PID     int
	Account string
	Desk    string // pts/3, or session-4711 where there is no terminal
	Session string // boot, session and start of its leader: a terminal's name comes back, this does not
}

// peerOf asks the kernel who is connected.
//
// SPEC: CLI-010
func peerOf(c *net.UnixConn) (Peer, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return Peer{}, fmt.Errorf("couldn't ask for the peer: %w", err)
	}
	var cred *unix.Ucred
	var cerr error
	if err := raw.Control(func(fd uintptr) { cred, cerr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return Peer{}, fmt.Errorf("couldn't ask for the peer: %w", err)
	}
	if cerr != nil {
		return Peer{}, fmt.Errorf("couldn't ask for the peer: %w", cerr)
	}
	p := Peer{PID: int(cred.Pid), Account: accountName(int(cred.Uid))}
	st, err := readStat(p.PID)
	if err != nil {
		return p, err
	}
	p.Desk, p.Session = st.desk(), sessionMark(st.session)
	return p, nil
}

func accountName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "uid-" + strconv.Itoa(uid)
}

// stat is what /proc/PID/stat says of a process's place.
type stat struct {
	session, tty int
	start        string
}

var errStat = errors.New("not a line of /proc/PID/stat")

// parseStat reads the fields after the command, which may hold anything in its brackets.
func parseStat(s string) (stat, error) {
	i := strings.LastIndexByte(s, ')')
	if i < 0 {
		return stat{}, errStat
	}
	f := strings.Fields(s[i+1:])
	if len(f) < 20 {
		return stat{}, errStat
	}
	session, err := strconv.Atoi(f[3])
	tty, err2 := strconv.Atoi(f[4])
	if err != nil || err2 != nil {
		return stat{}, errStat
	}
	return stat{session: session, tty: tty, start: f[19]}, nil
}

func readStat(pid int) (stat, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, fmt.Errorf("couldn't ask for the peer's terminal: %w", err)
	}
	return parseStat(string(b))
}

// desk names the terminal, else the session.
func (s stat) desk() string {
	n := uint32(s.tty)
	major, minor := n>>8&0xfff, n&0xff|n>>12&0xfff00
	switch {
	case s.tty == 0:
		return "session-" + strconv.Itoa(s.session)
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
	if st, err := readStat(sid); err == nil && sid > 0 {
		start = st.start
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
