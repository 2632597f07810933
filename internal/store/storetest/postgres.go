// SPDX-License-Identifier: Apache-2.0

// Package storetest starts servers of PostgreSQL for tests: a primary, and a standby that every commit waits for.
package storetest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL on loopback, in a directory of its own.
type Server struct {
	Port   int
	dir    string
	cmd    *exec.Cmd
	synced bool
}

// tool finds a program of the newest PostgreSQL that is installed.
func tool(name string) string {
	at, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(at) == 0 {
		return ""
	}
	slices.Sort(at)
	return at[len(at)-1]
}

// Need skips a test where there is no PostgreSQL, or fails it where PARLEY_REQUIRE names it.
func Need(t testing.TB) {
	t.Helper()
	if tool("initdb") != "" {
		return
	}
	if slices.Contains(strings.Fields(os.Getenv("PARLEY_REQUIRE")), "postgresql") {
		t.Fatal("no PostgreSQL: apt-get install postgresql")
	}
	t.Skip("no PostgreSQL: apt-get install postgresql")
}

// Primary starts a new server. With standby every commit waits for one.
func Primary(t testing.TB, standby bool) *Server {
	t.Helper()
	Need(t)
	s := newServer(t)
	s.run(t, "initdb", "-D", s.dir, "-U", "parley", "-A", "trust", "-N", "-E", "UTF8")
	if standby {
		s.synced = true
		s.configure(t, "synchronous_standby_names = '*'\n")
	}
	s.start(t)
	return s
}

// Standby starts a copy of s that follows it.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	c := newServer(t)
	_ = os.Remove(c.dir)
	c.run(t, "pg_basebackup", "-D", c.dir, "-h", "127.0.0.1", "-p", strconv.Itoa(s.Port), "-U", "parley", "-R", "-X", "stream", "-N", "-c", "fast")
	c.start(t)
	return c
}

func newServer(t testing.TB) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir, err := os.MkdirTemp("", "parley-pg") // the server's own user must reach it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Server{Port: l.Addr().(*net.TCPAddr).Port, dir: filepath.Join(dir, "data")}
	err = os.Mkdir(s.dir, 0o700)
	if who := s.who(t); err == nil && who != nil {
		err = os.Chown(s.dir, int(who.Uid), int(who.Gid))
		if err == nil {
			err = os.Chown(dir, int(who.Uid), int(who.Gid))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// who runs the server: it refuses root.
func (s *Server) who(t testing.TB) *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (s *Server) command(t testing.TB, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(tool(name), args...)
	cmd.Dir, cmd.Env = "/", append(os.Environ(), "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.who(t)}
	return cmd
}

func (s *Server) run(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := s.command(t, name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func (s *Server) configure(t testing.TB, more string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(s.dir, "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err == nil {
		_, err = f.WriteString(more)
	}
	if err == nil {
		err = f.Close()
	}
	if who := s.who(t); err == nil && who != nil {
		err = os.Chown(f.Name(), int(who.Uid), int(who.Gid))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// start starts the server and waits until it answers.
func (s *Server) start(t testing.TB) {
	t.Helper()
	s.cmd = s.command(t, "postgres", "-D", s.dir, "-p", strconv.Itoa(s.Port), "-h", "127.0.0.1", "-k", filepath.Dir(s.dir))
	s.cmd.SysProcAttr.Setpgid = true
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		c, err := s.connect()
		if err == nil {
			_ = c.Close(context.Background())
			return
		}
		if time.Since(begun) > time.Minute {
			t.Fatal(err)
		}
	}
}

func (s *Server) connect() (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return pgx.Connect(ctx, URL(s))
}

// Kill ends the server as a power cut would: none of its processes does anything more.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	pid := s.cmd.Process.Pid
	_ = syscall.Kill(pid, syscall.SIGSTOP) // it would start anew what ends
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range all {
		b, _ := os.ReadFile(f)
		_, after, _ := strings.Cut(string(b), ") ")
		if of := strings.Fields(after); len(of) > 1 && of[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
			_ = syscall.Kill(child, syscall.SIGKILL)
		}
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	_ = s.cmd.Wait()
	s.cmd = nil
}

// Promote makes a standby the primary, which waits for nobody.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	s.Ask(t, "ALTER SYSTEM RESET synchronous_standby_names")
	s.Ask(t, "SELECT pg_reload_conf()")
	s.Ask(t, "SELECT pg_promote()")
}

// Ask runs one statement.
func (s *Server) Ask(t testing.TB, sql string) {
	t.Helper()
	c, err := s.connect()
	if err == nil {
		_, err = c.Exec(context.Background(), sql)
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	_ = c.Close(context.Background())
}

// URL names a database on these servers: the one that takes commits is used.
func URL(servers ...*Server) string {
	var hosts []string
	for _, s := range servers {
		hosts = append(hosts, fmt.Sprintf("127.0.0.1:%d", s.Port))
	}
	return "postgres://parley@" + strings.Join(hosts, ",") + "/postgres?sslmode=disable"
}

// Count is the number that a question is answered with.
func (s *Server) Count(t testing.TB, sql string) (n int) {
	t.Helper()
	c, err := s.connect()
	if err == nil {
		err = c.QueryRow(context.Background(), sql).Scan(&n)
		_ = c.Close(context.Background())
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}
