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
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

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

var plugged atomic.Int32

// plug lays the cable and starts the telephone; it speaks a tone of hz.
func plug(t *testing.T, i int, number, answers string, hz float64) *set {
	t.Helper()
	p := &set{t: t, number: number, dir: t.TempDir(), out: &bytes.Buffer{}}
	n := plugged.Add(1) // what a test before has used may not be gone yet
	net3 := byte((2*os.Getpid() + int(n)) % 250)
	p.ours, p.theirs = netip.AddrFrom4([4]byte{198, 18, net3, 1}), netip.AddrFrom4([4]byte{198, 18, net3, 2})
	ns, link := fmt.Sprintf("parley%d-%d", os.Getpid(), n), fmt.Sprintf("pl%d-%d", os.Getpid()%100000, n)
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", ns).Run() })
	for _, line := range []string{"netns add " + ns, "link add " + link + " type veth peer name eth0 netns " + ns, "addr add " + p.ours.String() + "/24 dev " + link, "link set " + link + " up",
		"-n " + ns + " addr add " + p.theirs.String() + "/24 dev eth0", "-n " + ns + " link set eth0 up", "-n " + ns + " link set lo up"} {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			need(t, "network", fmt.Sprintf("no network namespaces here (they need root and ip): ip %s: %s", line, out))
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

// writeWAV writes four minutes of a tone at -12 dB.
func writeWAV(t *testing.T, path string, hz float64) {
	t.Helper()
	const n = 240 * voice.Rate
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

// judge waits for so many frames of what a telephone heard of which none is silent, and measures them: a tone of hz at -12 dB
// was spoken. A busy machine makes it wait longer.
func (p *set) judge(who string, hz float64, want int) {
	p.t.Helper()
	const frame = voice.FrameBytes
	var all []int16
	run, at := 0, 0
	for end := time.Now().Add(2 * time.Minute); run < want; time.Sleep(100 * time.Millisecond) {
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

// town is two nodes, with telephones at some of their houses.
type town struct {
	*story.World
	t   *testing.T
	log string
}

// build starts the two nodes; phones are the telephones of aurelia and borealia, nil for none.
func build(t *testing.T, phones ...*set) *town {
	t.Helper()
	dir, err := os.MkdirTemp("", "parley-phone-") // short: sockets stand in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	bin := filepath.Join(dir, "parley")
	if out, err := exec.Command("go", "build", "-o", bin, "example.org/parley/cmd/parley").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	log, err := os.Create(filepath.Join(t.ArtifactDir(), "nodes.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	w := &town{&story.World{Dir: filepath.Join(dir, "w"), Bin: bin, Log: log}, t, log.Name()}
	if err := w.Make(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	for i, p := range phones {
		if p == nil {
			continue
		}
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
		b, _ := os.ReadFile(w.log)
		t.Fatalf("%v\n%s", err, b)
	}
	for i := range w.Sites {
		w.Disarm(i) // the telephones, and browsers, are the only desks
	}
	return w
}

// says waits until a node's answer has a word.
func (w *town) says(side int, a act.Act, word string) string {
	w.t.Helper()
	for end := time.Now().Add(45 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		r, err := w.Act(w.Sites[side], a)
		if err == nil && strings.Contains(r.Text, word) {
			return r.Text
		}
		if time.Now().After(end) {
			b, _ := os.ReadFile(w.log)
			w.t.Fatalf("not in 45 s: %q: %s %v\n%s", word, r.Text, err, b)
		}
	}
}

// tools skips where telephones in namespaces cannot be.
func tools(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("telephones in namespaces take half a minute")
	}
	if _, err := exec.LookPath("baresip"); err != nil {
		need(t, "baresip", "no baresip: Debian's baresip-core")
	}
}

// TestTelephonesBothWays: two telephones speak with each other through both nodes, on two cables of which one is pulled; what
// was done is in the record of both, and STOP is keyed from one of them.
func TestTelephonesBothWays(t *testing.T) {
	// SPEC: PHN-040 PHN-051 PHN-052 PHN-060 PHN-071
	tools(t)
	phones := []*set{plug(t, 0, "201", "manual", 440), plug(t, 1, "301", "auto", 1000)}
	w := build(t, phones...)
	for i := range phones {
		w.says(i, act.Status, "armed (1)  armed (1)") // each knows it of the other too
	}
	phones[0].does("dial", "sip:line@"+phones[0].ours.String())
	w.says(0, act.Status, "CONNECTED")
	time.Sleep(2 * time.Second)
	if _, err := w.Change([]string{"cut", "1"}); err != nil {
		t.Fatal(err)
	}
	phones[1].judge("phone to phone, aurelia → borealia", 440, 200)
	phones[0].judge("phone to phone, borealia → aurelia", 1000, 200)
	phones[0].does("sndcode", "**8378")
	time.Sleep(3 * time.Second) // the keys are asked for again
	if r, err := w.Act(w.Sites[0], act.ReadLog{}); err != nil || strings.Contains(r.Text, "STOP") {
		t.Fatalf("STOP after the keys were pressed once: %s %v", r.Text, err)
	}
	phones[0].does("sndcode", "**8378")
	for i := range phones {
		w.says(i, act.ReadLog{}, "test · STOP")
	}
	phones[0].does("hangup", "")
	w.says(0, act.Calls, "answered")
	if text := w.says(1, act.Calls, "answered"); !strings.Contains(text, "extension 301, Duty officer") {
		t.Errorf("the record does not say which extension: %s", text)
	}
}

// hears is what a browser's page plays of the far end: its strongest tone within a tenth of hz, its level in dB, and how many
// of the 34 pieces of 20 ms are silent.
const hears = `(async hz => { const c = window.earContext ??= new AudioContext({ sampleRate: 48000 }), s = document.getElementById('sound-remote').srcObject;
  if (!s) return [0, -99, 99];
  if (window.earOf !== s) { window.earOf = s; window.ear = Object.assign(c.createAnalyser(), { fftSize: 32768 }); c.createMediaStreamSource(s).connect(window.ear); await new Promise(r => setTimeout(r, 900)); }
  const x = new Float32Array(32768); window.ear.getFloatTimeDomainData(x);
  const g = f => { const k = 2 * Math.cos(2 * Math.PI * f / 48000); let a = 0, b = 0; for (const v of x) { [a, b] = [v + k * a - b, a]; } return 20 * Math.log10(2 * Math.sqrt(Math.max(0, a * a + b * b - k * a * b)) / x.length + 1e-9); };
  const rms = y => 10 * Math.log10(2 * y.reduce((s, v) => s + v * v, 0) / y.length + 1e-9);
  let best = 0, db = -99, quiet = 0; for (let f = hz * 0.9; f < hz * 1.1; f += 1) { const l = g(f); if (l > db) { best = f; db = l; } }
  for (let i = 0; i + 960 <= x.length; i += 960) if (rms(x.subarray(i, i + 960)) < -50) quiet++;
  return [best, db, quiet]; })`

// TestBrowserAndTelephone: a browser's desk rings a telephone of the other house and is rung by it, with sound both ways.
func TestBrowserAndTelephone(t *testing.T) {
	// SPEC: PHN-051 PHN-052 PHN-021
	tools(t)
	path, err := exec.LookPath("chromium")
	if err != nil {
		need(t, "chromium", "no chromium here: apt install chromium")
	}
	phone := plug(t, 0, "301", "auto", 1000)
	wav := filepath.Join(t.TempDir(), "microphone.wav")
	writeWAV(t, wav, 440)
	w := build(t, nil, phone)
	profile, err := os.MkdirTemp("", "parley-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(profile) })
	ctx, end := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.NoSandbox,
		chromedp.Flag("headless", "new"), chromedp.Flag("mute-audio", false), chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-audio-capture", wav), chromedp.Flag("allow-loopback-in-peer-connection", true))...)
	defer end()
	ctx, end = chromedp.NewContext(ctx)
	defer end()
	r, err := w.Act(w.Sites[0], act.Open)
	if err != nil {
		t.Fatal(err)
	}
	is := func(js string) {
		t.Helper()
		for end := time.Now().Add(45 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			ok := false
			err := chromedp.Run(ctx, chromedp.Evaluate("!!("+js+")", &ok))
			if ok {
				return
			}
			if time.Now().After(end) {
				b, _ := os.ReadFile(w.log)
				t.Fatalf("not in 45 s: %s: %v\n%s\n%s", js, err, b, phone.out)
			}
		}
	}
	run := func(a ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(ctx, a...); err != nil {
			t.Fatal(err)
		}
	}
	state := func(s string) string { return "document.querySelector('#p-state > i')?.dataset.call === '" + s + "'" }
	run(chromedp.EmulateViewport(1366, 768), chromedp.Navigate(r.Text))
	is("document.querySelector('#c-ring')")
	run(chromedp.Evaluate("localStorage.setItem('source', 'headset'); 0", nil), chromedp.Click("#sound-on"))
	is("Sound.state().connected && Sound.state().mic")
	both := func(way string) {
		t.Helper()
		phone.judge(way+", browser → phone", 440, 100) // a browser on two cores stutters
		var v [3]float64
		for try := 0; ; try++ {
			run(chromedp.Evaluate(hears+"(1000)", &v, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
			if math.Abs(v[0]-1000) <= 10 && math.Abs(v[1]+12) <= 1.5 && v[2] == 0 {
				break
			}
			if try == 40 {
				t.Errorf("%s: the browser hears %.0f Hz at %.2f dB, %.0f pieces silent; 1000 Hz at -12 dB was spoken", way, v[0], v[1], v[2])
				break
			}
			time.Sleep(700 * time.Millisecond)
		}
		t.Logf("figure: %s, phone → browser sent_hz 1000 heard_hz %.0f level_db %.2f silent_pieces %.0f of 34", way, v[0], v[1], v[2])
	}
	is("[...document.querySelectorAll('#p-liveness .layer.armed')].length === 2")
	run(chromedp.Click("#c-ring"))
	is(state("connected"))
	both("rung by the browser")
	run(chromedp.Click("#c-end"))
	is(state("ended"))
	phone.does("dial", "sip:line@"+phone.ours.String())
	is(state("ringing-here"))
	run(chromedp.Click("#c-answer"))
	is(state("connected"))
	both("rung by the telephone")
	phone.does("hangup", "")
	is(state("ended"))
	if text := w.says(0, act.Calls, "answered"); strings.Count(text, "answered") != 2 {
		t.Errorf("two calls were answered: %s", text)
	}
}
