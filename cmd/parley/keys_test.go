// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"example.org/parley/internal/home"
	"example.org/parley/party"
)

// Of a node that runs and does not go on by the issue it is never said that it does; nor is it success.
//
// SPEC: SHT-015
func TestTakeOfANodeThatDoesNotGoOnIsAnError(t *testing.T) {
	dir, err := os.MkdirTemp("", "") // the name of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	a := &app{dir: dir}
	s := &party.Sheet{Party: "aurelia", Issue: 2}
	if on, err := a.goesOn(context.Background(), s, 1); on || err != nil {
		t.Error("without a node: ", on, err)
	}
	at, err := net.Listen("unix", home.Home{Dir: dir}.Socket())
	if err != nil {
		t.Fatal(err)
	}
	data := `{"issue":1}`
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"text":"issue 2 of the sheet of aurelia, 10:00Z: other addresses","data":` + data + `}`))
	})}
	go srv.Serve(at)
	defer srv.Close()
	if on, err := a.goesOn(context.Background(), s, 1); on || err == nil || !strings.Contains(err.Error(), "does not go on by it") {
		t.Error(on, err)
	}
	data = `{"issue":2,"soon":true}`
	if on, err := a.goesOn(context.Background(), s, 1); on || err == nil {
		t.Error("it listens elsewhere: ", on, err)
	}
	data = `{"issue":2}`
	if on, err := a.goesOn(context.Background(), s, 1); !on || err != nil {
		t.Error(on, err)
	}
}
