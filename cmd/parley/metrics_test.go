// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A running home tells how its lines stand to who brings the token.
//
// SPEC: NOD-040 NOD-041
func TestServeTellsMetrics(t *testing.T) {
	dir := t.TempDir()
	home, token := filepath.Join(dir, "home"), filepath.Join(dir, "token")
	verb := func(want int, args ...string) string {
		t.Helper()
		var out strings.Builder
		if code := run(t.Context(), append([]string{"--home", home}, args...), stdio{strings.NewReader(""), &out, &out}); code != want {
			t.Fatalf("%v: exit code %d, want %d: %s", args, code, want, out.String())
		}
		return out.String()
	}
	verb(0, "init", "--alone", "--other", "borealia", "--party", "aurelia", "--page", free(t))
	for said, args := range map[string][]string{
		"it needs a token": {"serve", "--metrics", "ops.example:7477"},
		"no such file":     {"serve", "--metrics", "127.0.0.1:7477", "--metrics-token", token},
	} {
		if out := verb(map[string]int{"it needs a token": 64, "no such file": 66}[said], args...); !strings.Contains(out, said) {
			t.Errorf("%v: %s", args, out)
		}
	}
	for what, mode := range map[string]os.FileMode{"short": 0o600, "a token that is long enough": 0o600, "a-token-that-is-long-enough": 0o644} {
		_ = os.Remove(token)
		if err := os.WriteFile(token, []byte(what+"\n"), mode); err != nil {
			t.Fatal(err)
		}
		verb(1, "serve", "--metrics", "127.0.0.1:7477", "--metrics-token", token)
	}
	if err := os.Chmod(token, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(token, []byte("a-token-that-is-long-enough\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := free(t)
	ctx, stop := context.WithCancel(t.Context())
	var log strings.Builder
	served := make(chan int, 1)
	go func() {
		served <- run(ctx, []string{"--home", home, "serve", "--metrics", at, "--metrics-token", token}, stdio{strings.NewReader(""), io.Discard, &log})
	}()
	defer func() {
		stop()
		<-served
		if strings.Contains(log.String(), "a-token") {
			t.Error("the token stands in the log")
		}
	}()
	ask := func(bearer string) (int, string) {
		q, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at+"/metrics", nil)
		q.Header.Set("Authorization", "Bearer "+bearer)
		r, err := http.DefaultClient.Do(q)
		if err != nil {
			return 0, err.Error()
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		return r.StatusCode, string(b)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		code, page := ask("a-token-that-is-long-enough")
		if code == http.StatusOK && strings.Contains(page, `parley_up{line="line"} 1`) {
			break
		}
		if time.Now().After(end) {
			t.Fatal(code, page)
		}
	}
	if code, _ := ask("another"); code != http.StatusUnauthorized {
		t.Errorf("another token: %d", code)
	}
}

// free is an address of this machine that nobody has.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr())
}
