// SPDX-License-Identifier: Apache-2.0

// Package e2e tests the whole as a person meets it: a real Chromium, and a real Firefox, on the real demo.
//
// The test builds the binary, runs `parley demo` as a child, opens the one address that it prints and does
// with mouse and keys what the README promises: sound on, ring, speak, pull a cable, FLASH, STOP, the check's
// question, what breaks and what mends. What is heard is measured in the far desk's page, by frequency and level;
// what is recorded is asked of the nodes, over their sockets. Every request, every line of the console and every
// breach of the page's policy is kept, and none may be there at the end.
//
// The screens are looked at by axe-core too. With PARLEY_STILLS=DIR the pictures of the documentation are
// drawn, with PARLEY_FIGURES=FILE the figures are written for the bench. There is nothing here but tests.
package e2e
