// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package link

// dscp marks nothing here yet.
func dscp(bool) []byte { return nil }
