// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"example.org/parley/internal/act"
)

// demo shows the whole with two parties on this machine.
func (a *app) demo() *cobra.Command {
	return &cobra.Command{Use: "demo", Short: "Two desks at one address, to try everything.", Args: nargs(0, 0), RunE: func(*cobra.Command, []string) error {
		return &act.Error{What: "the demo is not built yet", Hint: "parley try DIR"}
	}}
}
