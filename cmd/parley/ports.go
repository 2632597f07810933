// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"example.org/parley/internal/home"
)

// port is one row of the firewall's table: what listens or is spoken to, and who may pass.
type port struct {
	Line     string `json:"line"`
	Path     string `json:"path,omitempty"` // none: nobody outside the machine may pass
	What     string `json:"what"`
	Protocol string `json:"protocol"`
	Here     string `json:"here"`
	There    string `json:"there,omitempty"` // of a path: the other party's address; none without its sheet
	House    bool   `json:"house,omitempty"` // desks at other machines of the house may pass
	Trunk    bool   `json:"trunk,omitempty"` // There is the house's PBX
	Reach    string `json:"reach,omitempty"` // where the other party finds Here, if a router stands between
}

// ports prints the firewall's table.
//
// SPEC: CLI-060
func (a *app) ports() *cobra.Command {
	return &cobra.Command{Use: "ports", Short: "What a firewall must let pass, by the configuration, and what to ask its owner.", Args: nargs(0, 0), RunE: func(*cobra.Command, []string) error {
		names, err := a.linesMeant()
		var rows []port
		for i, n := range names {
			l, err := a.home().Load(n)
			if err != nil {
				return err
			}
			rows = append(rows, portsOf(l)...)
			if i == 0 && len(names) > 1 && l.Config.Page.At != "" {
				rows = append(rows, pageRow(n, "page of all lines", l.Config.Page.Beside(-1)))
			}
		}
		if err != nil {
			return err
		}
		return a.say(rows, "%s", a.portTable(rows))
	}}
}

// linesMeant are the lines of the home, or the one that is asked for.
func (a *app) linesMeant() ([]string, error) {
	names, err := a.home().Lines()
	if err == nil && (a.line != "" || len(names) == 0) {
		a.line, err = a.home().Pick(a.line)
		names = []string{a.line}
	}
	return names, err
}

// pageRow is that of a page: of this machine alone, or of the house.
func pageRow(line, what string, p home.Page) port {
	return port{Line: line, What: what, Protocol: "TCP", Here: p.Listen(), House: !p.Loopback()}
}

// portsOf lists what a line listens on and speaks to.
func portsOf(l *home.Line) (rows []port) {
	for _, p := range l.Config.Paths {
		r := port{Line: l.Name, Path: p.Label, What: "path", Protocol: "UDP", Here: p.At(), Reach: p.Reach}
		if p.TCP() {
			r.Protocol = "TCP"
		}
		if r.Reach == r.Here {
			r.Reach = ""
		}
		if l.Theirs != nil {
			if there, host, err := l.Remote(p); err == nil {
				if r.There = host; host == "" {
					r.There = there.String()
				}
			}
		}
		rows = append(rows, r)
	}
	if l.Config.Page.At != "" {
		rows = append(rows, pageRow(l.Name, "page of the desks", l.Config.Page))
	}
	if at, ok := l.Config.Sound(); ok {
		r := port{Line: l.Name, What: "sound of the desks", Protocol: "UDP", Here: everywhere(at), House: !at.Addr().IsLoopback()}
		tcp := r
		tcp.What, tcp.Protocol = "the same, where UDP is blocked", "TCP"
		rows = append(rows, r, tcp)
	}
	return append(rows, phonePorts(l)...)
}

// phonePorts are those of the telephones: the trunk's, and the sound's.
func phonePorts(l *home.Line) []port {
	p := &l.Config.Phone
	peer, how, err := p.Peer()
	at, err2 := netip.ParseAddrPort(p.Bind)
	if err != nil || err2 != nil {
		return nil
	}
	sound := fmt.Sprintf("%s-%d", netip.AddrPortFrom(at.Addr(), uint16(p.FirstPort())), p.FirstPort()+home.Ports-1)
	return []port{{Line: l.Name, What: "telephones", Protocol: map[string]string{"udp": "UDP", "tcp": "TCP", "tls": "TCP"}[how], Here: p.Bind, There: peer.String(), Trunk: true},
		{Line: l.Name, What: "sound of the telephones", Protocol: "UDP", Here: sound, There: peer.Addr().String(), Trunk: true}}
}

// everywhere writes an address as the page's is written: one that is not specified by its port alone.
func everywhere(at netip.AddrPort) string {
	if at.Addr().IsUnspecified() {
		return fmt.Sprint(":", at.Port())
	}
	return at.String()
}

// portTable is the table in words, with what to ask a firewall's owner.
func (a *app) portTable(rows []port) string {
	var b bytes.Buffer
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(cells ...any) { fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", cells...) }
	row(a.tr("Line"), a.tr("What"), a.tr("Protocol"), a.tr("This machine"), a.tr("The other party"), a.tr("Who may pass"))
	for _, r := range rows {
		who, there := a.tr("nobody from outside this machine"), "-"
		if r.House {
			who = a.tr("the desks' machines, nobody else")
		}
		if r.Trunk {
			who, there = a.tr("these two, each to the other"), r.There
		}
		if r.Path != "" {
			who, there = a.tr("these two, each to the other"), r.There
			if there == "" {
				there = a.tr("its sheet is not here")
			}
		}
		what := a.tr(r.What)
		if r.Path != "" {
			what += " " + r.Path
		}
		row(r.Line, what, r.Protocol, r.Here, there, who)
	}
	_ = t.Flush() // into memory
	fmt.Fprintf(&b, "\n%s\n", a.tr("For the owner of the firewall:"))
	for _, r := range rows {
		if r.Path != "" && r.There != "" {
			fmt.Fprintln(&b, "  "+a.askFirewall(r))
		}
	}
	return b.String()
}

// askFirewall is what its owner is asked for one path.
func (a *app) askFirewall(r port) string {
	s := fmt.Sprintf(a.tr("Path %s: let UDP pass between %s and %s in both directions, whichever side begins; packets of 1,228 bytes (1,248 with IPv6) whole; a flow is kept for 30 s at least. All of it is encrypted: look into nothing."), r.Path, r.Here, r.There)
	if r.Protocol == "TCP" {
		s = fmt.Sprintf(a.tr("Path %s: let TCP pass to %s from the other party's machine, and from this machine to %s, from any port; one connection stands for days. It is TLS 1.3 with keys of its own at both ends: look into nothing, or nothing passes."), r.Path, r.Here, r.There)
	}
	if r.Reach != "" {
		s += " " + fmt.Sprintf(a.tr("Forward %s %s to %s."), r.Protocol, r.Reach, r.Here)
	}
	return s
}

// here reports whether an address is one of this machine's.
func here(at string) bool {
	a, err := netip.ParseAddrPort(at)
	if err != nil {
		return false
	}
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a.Addr(), 0)))
	if err != nil {
		return false
	}
	c.Close()
	return true
}
