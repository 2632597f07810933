// SPDX-License-Identifier: Apache-2.0

package phone_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/story"
)

// logs waits until a telephone's own log has a word.
func (p *set) logs(word string) {
	p.t.Helper()
	for end := time.Now().Add(45 * time.Second); !strings.Contains(p.Log(), word); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("telephone %s never said %q:\n%s", p.Number, word, p.Log())
		}
	}
}

// kamailio starts the small PBX of doc/kamailio.cfg in a network of its own; set is the trunk to it, not a telephone.
func kamailio(t *testing.T) *set {
	t.Helper()
	bin, err := exec.LookPath(cmp.Or(os.Getenv("PARLEY_KAMAILIO"), "kamailio"))
	if err != nil {
		need(t, "kamailio", "no kamailio: Debian's kamailio")
	}
	p, err := story.Wire()
	if err != nil {
		need(t, "network", err.Error())
	}
	t.Cleanup(p.Unplug)
	p.Number = "201"
	text, err := os.ReadFile("../../../doc/kamailio.cfg")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cfg := filepath.Join(dir, "kamailio.cfg")
	if err := os.WriteFile(cfg, []byte(strings.NewReplacer("192.0.2.20", p.Theirs.String()).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.ArtifactDir(), "kamailio.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("ip", "netns", "exec", p.Space(), bin, "-DD", "-E", "-m", "16", "-M", "4", "-f", cfg, "-Y", dir, "-w", dir)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = log, log, &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it has children
		_ = cmd.Wait()
		if b, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("kamailio: %s", b)
		}
	})
	return &set{Handset: p, t: t, house: func(dir string) {
		name := filepath.Join(dir, "config.toml")
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(b), "[phone]\n", "[phone]\naccount = \"parley\"\n", 1)
		text = strings.Replace(text, "[[phone.extension]]\n", "[[phone.extension]]\nnumber = \"202\"\npost = \"Watch\"\n[[phone.extension]]\n", 1)
		for name, text := range map[string]string{name: text, filepath.Join(dir, "phone.secret"): "change-me-1\n"} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}}
}

// TestSmallPBX: a node and two telephones are registered at a kamailio with the configuration of doc/kamailio.cfg. The line rings
// both, the first that lifts has the call and the other stops; an extension that dials 700 rings the other party; STOP is dialled.
// Who has no password there is nobody. One telephone speaks A-law, the others µ-law.
func TestSmallPBX(t *testing.T) {
	// SPEC: PHN-018 PHN-023 PHN-041 PHN-051 PHN-052
	tools(t)
	house := kamailio(t)
	behind := func(number, password string, hz float64) *set {
		p, err := house.Behind(t.TempDir(), number, password, "700", hz)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Unplug)
		return &set{Handset: p, t: t}
	}
	phones := []*set{behind("201", "change-me-2", 440), behind("202", "change-me-3;audio_codecs=PCMA", 600), plug(t, "301", "manual", 1000, nil)}
	w := build(t, house, phones[2])
	for _, p := range phones[:2] {
		p.logs("[1 binding]")
	}
	for side := range w.Sites {
		w.says(side, act.Status, "armed (1)")
		w.says(side, act.Status, "armed (2)")
	}
	stranger := behind("203", "<null>", 700)
	stranger.logs("401 Unauthorized")
	for space, want := range map[string]string{"ip netns exec " + stranger.Space() + " ": "403", "": "481"} { // a request of no call that stands, of a stranger's address and of the node's
		bye := "BYE sip:201@" + house.Theirs.String() + " SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.7:5060;rport;branch=z9hG4bKbye" + want + "\r\nMax-Forwards: 70\r\nFrom: <sip:203@x>;tag=a\r\nTo: <sip:201@x>;tag=b\r\nCall-ID: bye" + want + "\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n"
		args := append(strings.Fields(space), "bash", "-c", `exec 3<>/dev/tcp/$1/5060; printf %s "$2" >&3; timeout 10 head -1 <&3`, "bash", house.Theirs.String(), bye)
		if out, err := exec.Command(args[0], args[1:]...).Output(); !strings.HasPrefix(string(out), "SIP/2.0 "+want) {
			t.Errorf("BYE of no call: %q, %v; want %s", out, err, want)
		}
	}
	behind("201", "change-me-3", 700).logs("401 Unauthorized")

	lift := func(p *set) { // it may not ring yet where the line does
		t.Helper()
		for end := time.Now().Add(45 * time.Second); ; time.Sleep(200 * time.Millisecond) {
			if r, err := w.Act(w.Sites[0], act.Status); err == nil && strings.Contains(r.Text, "CONNECTED") {
				return
			}
			if p.does("accept", ""); time.Now().After(end) {
				t.Fatalf("telephone %s does not lift:\n%s", p.Number, p.Log())
			}
		}
	}
	phones[2].does("dial", "sip:line@"+phones[2].Ours.String())
	for _, p := range phones[:2] {
		p.logs("Incoming call from")
	}
	lift(phones[1])
	phones[0].logs("session closed")
	w.says(1, act.Status, "CONNECTED")
	phones[1].logs("audio encoder: PCMA")
	phones[1].judge("301 → 202, over the small PBX", 1000, 100)
	phones[2].judge("202 → 301, over the small PBX", 600, 100)
	phones[1].does("hangup", "")
	w.says(0, act.Status, "READY")
	w.says(0, act.Calls, "extension 202, Watch")

	phones[0].does("dial", "sip:700@"+house.Theirs.String())
	w.says(1, act.Status, "RINGING HERE")
	lift(phones[2])
	phones[0].judge("301 → 201, which dialled 700", 1000, 100)
	phones[2].judge("201 → 301", 440, 100)
	phones[2].does("hangup", "")
	w.says(0, act.Status, "READY")
	w.says(0, act.Calls, "extension 201, Duty officer")

	phones[0].does("dial", "sip:**8378@"+house.Theirs.String())
	phones[0].logs("Call established")
	time.Sleep(2 * time.Second) // the keys are asked for again
	phones[0].does("sndcode", "**8378")
	for side := range w.Sites {
		w.says(side, act.ReadLog{}, "test · STOP")
	}
}
