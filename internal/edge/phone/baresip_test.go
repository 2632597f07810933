// SPDX-License-Identifier: Apache-2.0

package phone_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/parley/internal/act"
	"example.org/parley/internal/story"
	"example.org/parley/internal/voice"
)

// need skips a test whose tool is missing, or fails where PARLEY_REQUIRE names that tool.
func need(t *testing.T, tool, reason string) {
	t.Helper()
	if slices.Contains(strings.Fields(os.Getenv("PARLEY_REQUIRE")), tool) {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// set is a telephone: baresip in a network namespace of its own, joined to this one by a cable. It is the PBX of a trunk too.
type set struct {
	t            *testing.T
	number, dir  string
	ours, theirs netip.Addr
	out          *bytes.Buffer
}

// plug lays the cable and starts the telephone; it speaks a tone of hz.
func plug(t *testing.T, i int, number, answers string, hz float64) *set {
	t.Helper()
	p := &set{t: t, number: number, dir: t.TempDir(), out: &bytes.Buffer{}}
	net3 := byte((2*os.Getpid() + i) % 250)
	p.ours, p.theirs = netip.AddrFrom4([4]byte{198, 18, net3, 1}), netip.AddrFrom4([4]byte{198, 18, net3, 2})
	ns, link := fmt.Sprintf("parley%d-%d", os.Getpid(), i), fmt.Sprintf("pl%d-%d", os.Getpid()%100000, i)
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", ns).Run() })
	for _, line := range []string{"netns add " + ns, "link add " + link + " type veth peer name eth0 netns " + ns, "addr add " + p.ours.String() + "/24 dev " + link, "link set " + link + " up",
		"-n " + ns + " addr add " + p.theirs.String() + "/24 dev eth0", "-n " + ns + " link set eth0 up", "-n " + ns + " link set lo up"} {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			need(t, "netns", fmt.Sprintf("no network namespaces here (they need root and ip): ip %s: %s", line, out))
		}
	}
	wav := filepath.Join(p.dir, "says.wav")
	writeWAV(t, wav, hz)
	config := fmt.Sprintf("sip_listen %s:5060\naudio_source aufile,%s\naudio_player aubridge,null\naudio_alert aubridge,null2\nausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n"+
		"module_path %s\nmodule g711.so\nmodule aufile.so\nmodule aubridge.so\nmodule sndfile.so\nsnd_path %s\nmodule_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\nmodule ctrl_tcp.so\nctrl_tcp_listen %s:4444\n",
		p.theirs, wav, modules(), p.dir, p.theirs)
	for name, text := range map[string]string{"config": config, "accounts": fmt.Sprintf("<sip:%s@%s>;regint=0;answermode=%s\n", number, p.theirs, answers), "contacts": "", "uuid": "5e3c2f1e-0000-4000-8000-00000000000" + fmt.Sprint(i)} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("ip", "netns", "exec", ns, "baresip", "-4", "-f", p.dir)
	cmd.Stdout, cmd.Stderr = p.out, p.out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return p
}

func modules() string {
	found, _ := filepath.Glob("/usr/lib*/baresip/modules")
	more, _ := filepath.Glob("/usr/lib/*/baresip/modules")
	return append(append(found, more...), "")[0]
}

// does has the telephone do a command: dial, accept, hangup.
func (p *set) does(command, params string) {
	p.t.Helper()
	end := time.Now().Add(15 * time.Second)
	for {
		c, err := net.DialTimeout("tcp", netip.AddrPortFrom(p.theirs, 4444).String(), time.Second)
		if err != nil && time.Now().Before(end) {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		if err != nil {
			p.t.Fatalf("baresip does not listen: %v\n%s", err, p.out)
		}
		defer c.Close()
		text := fmt.Sprintf(`{"command":%q,"params":%q}`, command, params)
		fmt.Fprintf(c, "%d:%s,", len(text), text)
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, _ = c.Read(make([]byte, 4096))
		return
	}
}

// writeWAV writes a minute of a tone at -12 dB.
func writeWAV(t *testing.T, path string, hz float64) {
	t.Helper()
	const n = 60 * voice.Rate
	var b bytes.Buffer
	b.WriteString("RIFF")
	for _, v := range []any{uint32(36 + 2*n), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(voice.Rate), uint32(2 * voice.Rate), uint16(2), uint16(16), []byte("data"), uint32(2 * n)} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	for i := range n {
		_ = binary.Write(&b, binary.LittleEndian, int16(32767*math.Pow(10, -12./20)*math.Sin(2*math.Pi*hz*float64(i)/voice.Rate)))
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// heard reads what the telephone has heard so far.
func (p *set) heard() (samples []int16) {
	files, _ := filepath.Glob(filepath.Join(p.dir, "dump-*-dec.wav"))
	if len(files) == 0 {
		return nil
	}
	slices.Sort(files)
	b, err := os.ReadFile(files[len(files)-1])
	i := bytes.Index(b, []byte("data"))
	if err != nil || i < 0 || len(b) < i+8 {
		return nil
	}
	for b = b[i+8:]; len(b) >= 2; b = b[2:] {
		samples = append(samples, int16(binary.LittleEndian.Uint16(b)))
	}
	return samples
}

// judge waits for four seconds of what a telephone heard, two hundred frames none of which is silent, and measures them:
// a tone of hz at -12 dB was spoken. A busy machine makes it wait longer.
func (p *set) judge(who string, hz float64) {
	p.t.Helper()
	const frame, want = voice.FrameBytes, 200
	var all []int16
	run, at := 0, 0
	for end := time.Now().Add(30 * time.Second); run < want; time.Sleep(100 * time.Millisecond) {
		all = p.heard()
		for ; (at+1)*frame <= len(all) && run < want; at++ {
			if run++; power(all[at*frame:(at+1)*frame]) < -40 {
				run = 0
			}
		}
		if time.Now().After(end) {
			p.t.Fatalf("%s: %d frames, never %d running without a silent one", who, len(all)/frame, want)
		}
	}
	heard := all[(at-want)*frame : at*frame]
	best, loudest := 0.0, 0.0
	for f := hz * 0.9; f < hz*1.1; f += 0.5 {
		var re, im float64
		for i, s := range heard[len(heard)/2 : len(heard)/2+voice.Rate/2] {
			re += float64(s) * math.Cos(2*math.Pi*f*float64(i)/voice.Rate)
			im += float64(s) * math.Sin(2*math.Pi*f*float64(i)/voice.Rate)
		}
		if l := math.Hypot(re, im); l > loudest {
			best, loudest = f, l
		}
	}
	db := power(heard)
	p.t.Logf("figure: %s sent_hz %.0f heard_hz %.1f level_db %.2f silent_frames 0 of %d, after %d frames", who, hz, best, db, want, at-want)
	if math.Abs(best-hz) > hz/100 || math.Abs(db+12) > 1.5 {
		p.t.Errorf("%s hears %.1f Hz at %.2f dB; %.0f Hz at -12 dB was spoken", who, best, db, hz)
	}
}

// power is the level of sound, as that of a sine of the same power.
func power(samples []int16) float64 {
	sum := 1e-9
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return 10 * math.Log10(2*sum/float64(len(samples))/32768/32768)
}

// TestTelephonesBothWays: two telephones speak with each other through both nodes, on two cables of which one is pulled; what
// was done is in the record of both, and STOP is keyed from one of them.
func TestTelephonesBothWays(t *testing.T) {
	// SPEC: PHN-040 PHN-051 PHN-052 PHN-060 PHN-071
	if testing.Short() {
		t.Skip("telephones in namespaces take half a minute")
	}
	if _, err := exec.LookPath("baresip"); err != nil {
		need(t, "baresip", "no baresip: Debian's baresip-core")
	}
	dir, err := os.MkdirTemp("", "parley-phone-") // short: sockets stand in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	bin, begun := filepath.Join(dir, "parley"), time.Now()
	if out, err := exec.Command("go", "build", "-o", bin, "example.org/parley/cmd/parley").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	phones := []*set{plug(t, 0, "201", "manual", 440), plug(t, 1, "301", "auto", 1000)}
	log, err := os.Create(filepath.Join(t.ArtifactDir(), "nodes.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	w := &story.World{Dir: filepath.Join(dir, "w"), Bin: bin, Log: log}
	if err := w.Make(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	for i, p := range phones {
		name := filepath.Join(w.Sites[i].Home.Dir, "lines", "north", "config.toml")
		b, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(b, []byte("[phone]\n")) {
			t.Fatalf("%v: %s", err, b)
		}
		table := fmt.Sprintf("[phone]\ntrunk = \"sip:%s:5060\"\nbind = \"%s:5060\"\n[[phone.extension]]\nnumber = %q\npost = \"Duty officer\"\n\n", p.theirs, p.ours, p.number)
		if err := os.WriteFile(name, bytes.Replace(b, []byte("[phone]\n"), []byte(table), 1), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Play(t.Context(), func(story.Scene) {}, story.Seat); err != nil {
		b, _ := os.ReadFile(log.Name())
		t.Fatalf("%v\n%s", err, b)
	}
	for i := range phones {
		w.Disarm(i) // the telephones are the only desks
	}
	says := func(what string, side int, a act.Act, word string) string {
		t.Helper()
		t.Logf("%v: %s", time.Since(begun).Round(time.Second), what)
		var r act.Reply
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			if r, err = w.Act(w.Sites[side], a); err == nil && strings.Contains(r.Text, word) {
				return r.Text
			}
			if time.Now().After(end) {
				b, _ := os.ReadFile(log.Name())
				t.Fatalf("not in 30 s: %s (%q): %s %v\n%s\n%s", what, word, r.Text, err, b, phones[side].out)
			}
		}
	}
	for i := range phones {
		says("an extension is armed", i, act.Status, "armed")
	}
	phones[0].does("dial", "sip:line@"+phones[0].ours.String())
	says("connected", 0, act.Status, "CONNECTED")
	time.Sleep(2 * time.Second)
	if _, err := w.Change([]string{"cut", "1"}); err != nil {
		t.Fatal(err)
	}
	phones[1].judge("phone to phone, aurelia → borealia", 440)
	phones[0].judge("phone to phone, borealia → aurelia", 1000)
	phones[0].does("sndcode", "**8378")
	time.Sleep(3 * time.Second) // the keys are asked for again
	if r, err := w.Act(w.Sites[0], act.ReadLog{}); err != nil || strings.Contains(r.Text, "STOP") {
		t.Fatalf("STOP after the keys were pressed once: %s %v", r.Text, err)
	}
	phones[0].does("sndcode", "**8378")
	for i := range phones {
		t.Log(says("a STOP of class test", i, act.ReadLog{}, "test · STOP"))
	}
	phones[0].does("hangup", "")
	says("over", 0, act.Calls, "answered")
	text := says("in their record", 1, act.Calls, "answered")
	t.Log(text)
	if !strings.Contains(text, "extension") {
		t.Errorf("the record does not say which extension: %s", text)
	}
}
