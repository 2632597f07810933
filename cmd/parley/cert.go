// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.org/parley/hint"
	"example.org/parley/internal/cert"
	"example.org/parley/internal/home"
)

// cert works on the certificate of the desks' page. A node that runs takes a new one by itself.
//
// SPEC: PAG-062 PAG-063 PAG-064
func (a *app) cert() *cobra.Command {
	c := group("cert", "The certificate of the desks' page over TLS.")
	csr := &cobra.Command{Use: "csr", Short: "Print a request for a certificate, for the house's authority.", Args: nargs(0, 0), RunE: func(*cobra.Command, []string) error {
		s, _, err := a.certificate()
		if err != nil {
			return err
		}
		b, err := s.Request()
		if err != nil {
			return err
		}
		if a.json {
			return a.printJSON(map[string]string{"name": s.Name, "request": string(b)})
		}
		_, err = a.out.Write(b)
		return err
	}}
	own := &cobra.Command{Use: "own", Short: "Make a certificate by a small authority of this node's own, for this name alone.", Args: nargs(0, 0), RunE: func(*cobra.Command, []string) error {
		s, origins, err := a.certificate()
		if err != nil {
			return err
		}
		root, err := s.Own()
		if err != nil {
			return err
		}
		return a.certMade(s, root, origins)
	}}
	c.AddCommand(csr, a.certImport(), own)
	return c
}

func (a *app) certImport() *cobra.Command {
	var root string
	c := &cobra.Command{Use: "import FILE", Short: "Take the certificate that the house's authority made of our request.", Args: nargs(1, 1)}
	c.Flags().StringVar(&root, "root", "", "file of the authority's root, where neither FILE nor this machine has it")
	c.RunE = func(_ *cobra.Command, args []string) error {
		s, origins, err := a.certificate()
		if err != nil {
			return err
		}
		var files [2][]byte
		for i, f := range []string{args[0], root} {
			if f == "" {
				continue
			}
			if files[i], err = os.ReadFile(f); err != nil {
				return hint.New("name the file that the authority gave", "the certificate cannot be read: %v", err)
			}
		}
		if _, err = s.Import(files[0], files[1]); err != nil {
			return err
		}
		top, err := s.Root()
		if err != nil {
			return err
		}
		return a.certMade(s, top, origins)
	}
	return c
}

// certMade writes the policies and says what to do with them.
func (a *app) certMade(s *cert.Certificate, root *x509.Certificate, origins []string) error {
	dir, err := s.Policies(origins)
	if err != nil {
		return err
	}
	ends, err := s.Ends()
	if err != nil {
		return err
	}
	fields := map[string]string{"name": s.Name, "until": ends.UTC().Format("2006-01-02"), "policies": dir}
	if root == nil {
		return a.say(fields, "The page of %s has a certificate until %s.\nFor desks, in %s: chromium.json, firefox.json.\n", s.Name, fields["until"], dir)
	}
	fields["root"], fields["fingerprint"] = filepath.Join(dir, "root.pem"), cert.Fingerprint(root)
	return a.say(fields, "The page of %s has a certificate until %s.\nIts root, to be trusted by desks: %s\n  %s\nFor desks, in %s: chromium.json to /etc/chromium/policies/managed/, firefox.json to /etc/firefox/policies/policies.json, root.pem to /etc/firefox/policies/parley-%s.pem.\n",
		s.Name, fields["until"], fields["root"], fields["fingerprint"], dir, s.Name)
}

// certificate is that of the home's page, with the origins of all pages under its name.
func (a *app) certificate() (*cert.Certificate, []string, error) {
	names, err := a.home().Lines()
	if err != nil {
		return nil, nil, err
	}
	of := map[string][]string{}
	chosen := ""
	for i, n := range names {
		l, err := a.home().Load(n)
		if err != nil {
			return nil, nil, err
		}
		p := l.Config.Page
		if p.At == "" || p.Loopback() {
			continue
		}
		if i == 0 && len(names) > 1 { // the board's
			of[p.Name()] = append(of[p.Name()], origin(p.Beside(-1)))
		}
		of[p.Name()] = append(of[p.Name()], origin(p))
		if n == a.line {
			chosen = p.Name()
		}
	}
	if chosen == "" && a.line == "" && len(of) == 1 {
		for chosen = range of {
		}
	}
	switch {
	case len(of) == 0 || chosen == "" && a.line != "":
		return nil, nil, hint.New(`set [page] at = "line.ops.example:8443" in config.toml`, "no page of this home is served over TLS")
	case chosen == "":
		return nil, nil, hint.New("say which: --line NAME", "the lines of this home have pages of several names")
	}
	return cert.Of(a.home(), chosen), slices.Compact(of[chosen]), nil
}

// origin is a page as browsers name it.
func origin(p home.Page) string { return "https://" + strings.TrimSuffix(p.At, ":443") }
