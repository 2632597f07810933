// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"strings"

	"example.org/parley/hint"
	"example.org/parley/internal/cert"
	"example.org/parley/internal/home"
	"example.org/parley/internal/metrics"
)

// metricsAt is where a Prometheus server reads how the lines stand.
type metricsAt struct {
	at, file string // its address, "" for none; the file of the token
	token    string
}

const minToken = 16

// check refuses what would tell everybody in the house: an address that others reach needs a token.
//
// SPEC: NOD-041
func (m *metricsAt) check() error {
	if m.file != "" {
		st, err := os.Stat(m.file)
		if err != nil {
			return hint.New("a file with one line, of mode 0600", "the token of --metrics: %v", err)
		}
		if st.Mode().Perm()&0o077 != 0 {
			return hint.New("", "%s has mode %04o: others may have read it", m.file, st.Mode().Perm()).Way("a new token, and chmod 600 %s", m.file)
		}
		b, err := os.ReadFile(m.file)
		if m.token = strings.TrimSpace(string(b)); err != nil || len(m.token) < minToken || strings.ContainsAny(m.token, " \t\r\n") {
			return hint.New("as: openssl rand -hex 32", "the token of --metrics is one word of %d letters and digits at least", minToken)
		}
	}
	if m.at != "" && m.token == "" && !(home.Page{At: m.at}).Loopback() {
		return hint.Usage("parley serve --metrics 127.0.0.1:7477, or with --metrics-token FILE", "serve: others reach %s: it needs a token", m.at)
	}
	return nil
}

// keepMetrics answers /metrics until ctx ends, and listens again where the listening failed.
func (s *service) keepMetrics(ctx context.Context) {
	at := home.Page{At: s.metrics.at}
	h := metrics.Handler(func() map[string]metrics.Line {
		s.mu.Lock()
		defer s.mu.Unlock()
		out := map[string]metrics.Line{}
		for _, n := range s.names {
			out[n] = nil
			if l := s.lines[n]; l != nil {
				out[n] = l
			}
		}
		return out
	}, s.metrics.token)
	for said := ""; ctx.Err() == nil; pause(ctx, tryAgain) {
		err := servePage(ctx, s.home, at, h, s.log, func(*cert.Certificate) { s.log.Info("metrics", "at", at.At) })
		if ctx.Err() == nil && err.Error() != said {
			said = err.Error()
			s.log.Error("the metrics are down", "err", err)
		}
	}
}
