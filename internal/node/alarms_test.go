// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// Why a path is down, or no session can be opened, is said in plain words: what the system said stays in the log.
//
// SPEC: NOD-017
func TestNetworkErrorsArePlainWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m machine
		l := m.begin(t)
		for _, c := range []struct {
			err  error
			want string
		}{
			{&net.OpError{Op: "dial", Net: "udp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, "nothing listens at their address"},
			{syscall.ENETUNREACH, "there is no route to their address"},
			{fmt.Errorf("sendmsg: %w", syscall.EHOSTUNREACH), "their machine cannot be reached"},
			{fmt.Errorf("couldn't listen on 192.0.2.1:4000: %w", syscall.EADDRNOTAVAIL), "our address is not on this machine"},
			{os.NewSyscallError("bind", syscall.EADDRINUSE), "another program has our address"},
			{os.NewSyscallError("bind", syscall.EACCES), "this machine does not allow it"},
			{syscall.EPERM, "this machine does not allow it"},
			{os.ErrDeadlineExceeded, "no answer came in time"},
			{errors.New("x509: broken"), "the network does not allow it"},
		} {
			said := map[string]string{}
			for _, whole := range []bool{false, true} {
				done := make(chan struct{})
				l.post(func() {
					defer close(done)
					m.now.noLink[0].WeHear, m.now.noLink[0].TheyHear = false, false
					m.now.noLink[0].Why, l.linkErr = c.err, nil
					if whole {
						m.now.noLink[0].Why, l.linkErr = nil, c.err
					}
					for _, x := range l.conditions() {
						if x.ID == "A1" || x.ID == "A11" && !whole {
							said[fmt.Sprint(x.ID, whole)] = x.Detail.In("en")
						}
						if s := strings.Join(x.Detail.Args, " "); strings.Contains(s, c.err.Error()) {
							t.Errorf("%s shows %q", x.ID, s)
						}
					}
				})
				<-done
			}
			if said["A1false"] != c.want || said["A1true"] != c.want || said["A11false"] != "path 1: "+c.want {
				t.Errorf("%v: %q", c.err, said)
			}
		}
		time.Sleep(time.Second)
		l.Close()
	})
}
