// SPDX-License-Identifier: Apache-2.0

package home

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// Page is where the desks' page is asked. In config.toml it is a table, or its At alone as a text.
type Page struct {
	// At is the name and port under which browsers ask. A loopback address, or a name that ends in .localhost, serves this
	// machine alone, without TLS; any other name serves the house, over TLS.
	At string `toml:"at"`
	// Bind is the local address that a page over TLS listens on; "" is every address of this machine, at the port of At.
	Bind string `toml:"bind,omitempty"`
}

// UnmarshalTOML takes the table, or a text.
func (p *Page) UnmarshalTOML(v any) error {
	if s, ok := v.(string); ok {
		p.At = s
		return nil
	}
	table, _ := v.(map[string]any)
	for k, v := range table {
		s, text := v.(string)
		switch {
		case k == "at" && text:
			p.At = s
		case k == "bind" && text:
			p.Bind = s
		default:
			return fmt.Errorf("[page] has at and bind, which are texts: %s", k)
		}
	}
	return nil
}

// label is one part of a name.
var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Name is the name or address that browsers ask.
func (p Page) Name() string {
	name, _, _ := net.SplitHostPort(p.At)
	return name
}

// Loopback reports whether the page serves this machine alone.
func (p Page) Loopback() bool {
	ip, err := netip.ParseAddr(p.Name())
	return err == nil && ip.IsLoopback() || strings.HasSuffix(p.Name(), ".localhost")
}

// Port is the port of At.
func (p Page) Port() int {
	_, port, _ := net.SplitHostPort(p.At)
	n, _ := strconv.Atoi(port)
	return n
}

// Listen is the address that the page listens on.
func (p Page) Listen() string {
	_, port, _ := net.SplitHostPort(p.At)
	switch {
	case p.Bind != "":
		return p.Bind
	case !p.Loopback():
		return ":" + port
	case strings.HasSuffix(p.Name(), ".localhost"):
		return "127.0.0.1:" + port
	}
	return p.At
}

// Hosts are the names and ports under which the page may be asked; the first stands in links. On loopback a party has a
// name too, since a passkey belongs to a name and to no address.
func (p Page) Hosts(party string) []string {
	_, port, _ := net.SplitHostPort(p.At)
	switch {
	case p.Loopback() && p.Listen() == p.At:
		return []string{party + ".localhost:" + port, p.At}
	case p.Loopback():
		return []string{p.At, p.Listen()}
	case port == "443": // a browser leaves it out
		return []string{p.Name(), p.At}
	}
	return []string{p.At}
}

// Beside is the same page, some ports further.
func (p Page) Beside(ports int) Page {
	move := func(at string) string {
		host, port, err := net.SplitHostPort(at)
		n, err2 := strconv.Atoi(port)
		if err != nil || err2 != nil {
			return at
		}
		return net.JoinHostPort(host, strconv.Itoa(n+ports))
	}
	return Page{At: move(p.At), Bind: move(p.Bind)}
}

// check refuses what no browser can ask, or what no passkey belongs to. SPEC: CLI-004 PAG-060
func (p Page) check() error {
	if p.At == "" {
		return nil
	}
	name, _, err := net.SplitHostPort(p.At)
	if err != nil || p.Port() < 1 || p.Port() > 65535 {
		return bad(`at = "line.ops.example:8443", or "127.0.0.1:7480" for this machine alone`, "page %q is not a name and a port", p.At)
	}
	if _, err := netip.ParseAddr(name); err == nil && !p.Loopback() {
		return bad(`at = "line.ops.example:8443": a name that the house's machines find, in DNS or /etc/hosts`, "page %q: a passkey and a certificate belong to a name, not to an IP address", p.At)
	}
	if !p.Loopback() && (len(name) > 253 || !labels(name)) {
		return bad(`at = "line.ops.example:8443"`, "page %q: small letters, digits, - and dots make a name", p.At)
	}
	if p.Bind != "" {
		if a, err := netip.ParseAddrPort(p.Bind); err != nil || a.Port() == 0 || p.Loopback() && !a.Addr().IsLoopback() {
			return bad("an IP address of this machine and a port: 192.0.2.1:8443", "bind %q of the page", p.Bind)
		}
	}
	return nil
}

// labels reports whether a name is made of parts that a name may have, and is no number.
func labels(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		if !label.MatchString(part) {
			return false
		}
	}
	return strings.ContainsAny(name, "abcdefghijklmnopqrstuvwxyz")
}
