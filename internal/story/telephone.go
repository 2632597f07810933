// SPDX-License-Identifier: Apache-2.0

package story

import (
	"bytes"
	le "encoding/binary"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"example.org/parley/hint"
	"example.org/parley/internal/voice"
)

// SpokenDB is the level of what telephones and browsers here speak.
const SpokenDB = -12.0

// What telephones need and is not on every machine.
var (
	ErrNoBaresip  = hint.New("sudo apt install baresip-core", "there is no baresip here: it is the telephone")
	ErrNoNetworks = hint.New("as root, with iproute2: sudo parley demo phone", "no networks of their own can be made here: each telephone stands in one")
)

// Handset is a telephone: baresip in a network namespace of its own, joined to this one by a cable. It is the PBX of a trunk too. Lifted,
// it speaks a tone.
type Handset struct {
	Number       string
	Hz           float64
	Ours, Theirs netip.Addr // the two ends of the cable
	Sealed       string     // a directory with pbx.pem, phone.crt, phone.key and phone.pem: over TLS, with SRTP; "": in the clear
	rate         int        // samples a second that it speaks: at twice G.711's it speaks G.722 too, and would rather
	account      string     // at a PBX; "": it is one itself
	dials        string     // to call the line, where it has an account
	dir          string
	space        string
	cmd          *exec.Cmd
}

var plugged atomic.Int32

// Plug lays the cable and starts the telephone, whose files are in dir. answers is auto or manual; rate is 8000, or 16000 where it speaks G.722 too and would rather; seal, where it is not nil, makes
// the certificates for the two ends of the cable and says where.
func Plug(dir, number, answers string, hz float64, rate int, seal func(of ...string) string) (_ *Handset, err error) {
	if _, err := exec.LookPath("baresip"); err != nil {
		return nil, ErrNoBaresip
	}
	p := &Handset{Number: number, Hz: hz, rate: rate, dir: dir}
	defer func() {
		if err != nil {
			p.Unplug()
		}
	}()
	if err = p.lay(""); err != nil {
		return nil, err
	}
	if seal != nil {
		p.Sealed = seal(p.Ours.String(), p.Theirs.String())
	}
	return p, p.start(answers)
}

// Wire lays the cable to a network in which a test has a PBX of its own.
func Wire() (*Handset, error) {
	p := &Handset{}
	return p, p.lay("")
}

// Space is the name of its network.
func (p *Handset) Space() string { return p.space }

// Behind starts a telephone that registers at the PBX of this network, which hands on its packets, and calls the line by a number.
func (p *Handset) Behind(dir, number, password, line string, hz float64) (*Handset, error) {
	q := &Handset{Number: number, Hz: hz, rate: voice.Rate, dir: dir, dials: fmt.Sprintf("sip:%s@%s", line, p.Theirs),
		account: fmt.Sprintf("<sip:%s@%s>;auth_user=%[1]s;auth_pass=%[3]s;regint=60;answermode=manual\n", number, p.Theirs, password)}
	err := q.lay(p.space)
	for _, line := range []string{"route add " + netip.PrefixFrom(q.Ours, 24).Masked().String() + " via " + p.Theirs.String(), "-n " + q.space + " route add default via " + q.Ours.String(),
		"netns exec " + p.space + " sysctl -qw net.ipv4.ip_forward=1"} {
		if err == nil {
			err = ip(line)
		}
	}
	if err != nil {
		q.Unplug()
		return nil, err
	}
	return q, q.start("manual")
}

// ip does one thing to the networks of this machine.
func ip(line string) error {
	if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: ip %s: %s", ErrNoNetworks, line, bytes.TrimSpace(out))
	}
	return nil
}

// lay makes its network and the cable to it, from another one or from this ("").
func (p *Handset) lay(from string) error {
	sweep()
	n := plugged.Add(1) // what one before has used may not be gone yet
	net3 := byte(2*os.Getpid() + int(n))
	for taken, _ := exec.Command("ip", "-4", "route").Output(); bytes.Contains(taken, fmt.Appendf(nil, "198.18.%d.0/24", net3)); net3++ { // another process's
	}
	p.Ours, p.Theirs = netip.AddrFrom4([4]byte{198, 18, net3, 1}), netip.AddrFrom4([4]byte{198, 18, net3, 2})
	p.space = fmt.Sprintf("parley%d-%d", os.Getpid(), n)
	link, near := fmt.Sprintf("pl%d-%d", os.Getpid()%100000, n), ""
	if from != "" {
		near = "-n " + from + " "
	}
	for _, line := range []string{"netns add " + p.space, near + "link add " + link + " type veth peer name eth0 netns " + p.space, near + "addr add " + p.Ours.String() + "/24 dev " + link, near + "link set " + link + " up",
		"-n " + p.space + " addr add " + p.Theirs.String() + "/24 dev eth0", "-n " + p.space + " link set eth0 up", "-n " + p.space + " link set lo up"} {
		if err := ip(line); err != nil {
			return err
		}
	}
	return nil
}

// sweep takes away the networks of processes that were killed.
func sweep() {
	out, _ := exec.Command("ip", "netns", "list").Output()
	for _, m := range regexp.MustCompile(`(?m)^parley(\d+)-\d+\b`).FindAllSubmatch(out, -1) {
		if _, err := os.Stat("/proc/" + string(m[1])); err != nil {
			_ = exec.Command("ip", "netns", "del", string(m[0])).Run()
		}
	}
}

// start writes baresip's files and starts it.
func (p *Handset) start(answers string) error {
	wav := filepath.Join(p.dir, "says.wav")
	config := fmt.Sprintf("sip_listen %s:5060\naudio_source aufile,%s\naudio_player aubridge,null\naudio_alert aubridge,null2\nausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n"+
		"module_path %s\nmodule g711.so\nmodule aufile.so\nmodule aubridge.so\nmodule sndfile.so\nsnd_path %s\nmodule_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\nmodule ctrl_tcp.so\nctrl_tcp_listen %s:4444\n",
		p.Theirs, wav, modules(), p.dir, p.Theirs)
	if p.rate > voice.Rate {
		config = strings.NewReplacer("srate 8000", "srate 16000", "module g711", "module g722.so\nmodule g711").Replace(config)
	}
	account := fmt.Sprintf("<sip:%s@%s>;regint=0;answermode=%s\n", p.Number, p.Theirs, answers)
	if p.Sealed != "" {
		config += "module srtp.so\nsip_certificate " + filepath.Join(p.Sealed, "phone.pem") + "\n"
		account = fmt.Sprintf("<sip:%s@%s;transport=tls>;regint=0;mediaenc=srtp-mand;answermode=%s\n", p.Number, p.Theirs, answers)
	}
	if p.account != "" {
		account = p.account
	}
	for name, text := range map[string]string{"config": config, "accounts": account, "contacts": "", "uuid": fmt.Sprintf("5e3c2f1e-0000-4000-8000-%012d", plugged.Load()), "says.wav": toneWAV(p.Hz, p.rate)} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("couldn't set the telephone up: %w", err)
		}
	}
	log, err := os.Create(filepath.Join(p.dir, "baresip.log"))
	if err != nil {
		return fmt.Errorf("couldn't set the telephone up: %w", err)
	}
	defer log.Close()
	p.cmd = exec.Command("ip", "netns", "exec", p.space, "baresip", "-4", "-f", p.dir)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return p.cmd.Start()
}

func modules() string {
	found, _ := filepath.Glob("/usr/lib*/baresip/modules")
	more, _ := filepath.Glob("/usr/lib/*/baresip/modules")
	return append(append(found, more...), "")[0]
}

// Unplug ends the telephone and takes its cable away.
func (p *Handset) Unplug() {
	if p.cmd != nil && p.cmd.Process != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
	_ = exec.Command("ip", "netns", "del", p.space).Run()
}

// Log is what baresip said.
func (p *Handset) Log() string {
	b, _ := os.ReadFile(filepath.Join(p.dir, "baresip.log"))
	return string(b)
}

// Does has the telephone do a command: dial, accept, hangup, hold, resume, sndcode.
func (p *Handset) Does(command, params string) error {
	end := time.Now().Add(15 * time.Second)
	for {
		c, err := net.DialTimeout("tcp", netip.AddrPortFrom(p.Theirs, 4444).String(), time.Second)
		if err != nil && time.Now().Before(end) {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		if err != nil {
			return fmt.Errorf("the telephone %s does not listen: %w", p.Number, err)
		}
		defer c.Close()
		text := fmt.Sprintf(`{"command":%q,"params":%q}`, command, params)
		fmt.Fprintf(c, "%d:%s,", len(text), text)
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, _ = c.Read(make([]byte, 4096))
		return nil
	}
}

// Dial has it call the line.
func (p *Handset) Dial() error {
	if p.dials != "" {
		return p.Does("dial", p.dials)
	}
	if p.Sealed != "" {
		return p.Does("dial", "sip:line@"+p.Ours.String()+":5061;transport=tls")
	}
	return p.Does("dial", "sip:line@"+p.Ours.String())
}

// Lift has it answer, Down hang up.
func (p *Handset) Lift() error { return p.Does("accept", "") }
func (p *Handset) Down() error { return p.Does("hangup", "") }

// toneWAV is four minutes of a tone, as a telephone samples it.
func toneWAV(hz float64, rate int) string {
	n := 240 * rate
	var b bytes.Buffer
	b.WriteString("RIFF")
	for _, v := range []any{uint32(36 + 2*n), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(rate), uint32(2 * rate), uint16(2), uint16(16), []byte("data"), uint32(2 * n)} {
		_ = le.Write(&b, le.LittleEndian, v)
	}
	for i := range n {
		_ = le.Write(&b, le.LittleEndian, int16(32767*math.Pow(10, SpokenDB/20)*math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return b.String()
}

// heard reads what the telephone has heard so far, since its call began or its sound did anew, and in which file.
func (p *Handset) heard() (samples []int16, file string) {
	files, _ := filepath.Glob(filepath.Join(p.dir, "dump-*-dec.wav"))
	if len(files) == 0 {
		return nil, ""
	}
	slices.Sort(files)
	file = files[len(files)-1]
	b, err := os.ReadFile(file)
	i := bytes.Index(b, []byte("data"))
	if err != nil || i < 0 || len(b) < i+8 {
		return nil, file
	}
	step := 2 * int(le.LittleEndian.Uint32(b[24:])/voice.Rate) // of G.722 every second sample
	for b = b[i+8:]; len(b) >= step; b = b[step:] {
		samples = append(samples, int16(le.LittleEndian.Uint16(b)))
	}
	return samples, file
}

// Hears looks at so many frames that the telephone hears from now on, and gives the strongest tone near hz in the second half of those
// that were heard running without a silent one, its level, and how many they are. Where it waits it looks until all are.
func (p *Handset) Hears(hz float64, want int, waits bool) (heard, db float64, most int, err error) {
	const frame = voice.FrameBytes
	all, file := p.heard()
	run, at := 0, len(all)/frame
	var best []int16
	began, seen := time.Now(), 0
	for ; most < want && (waits || seen < want); time.Sleep(100 * time.Millisecond) {
		was := file
		if all, file = p.heard(); file != was {
			run, at = 0, 0
		}
		for ; (at+1)*frame <= len(all) && most < want && (waits || seen < want); at++ {
			seen++
			if run++; power(all[at*frame:(at+1)*frame]) < -40 {
				run = 0
			} else if run > most {
				most, best = run, all[(at+1-(run+1)/2)*frame:(at+1)*frame]
			}
		}
		if time.Since(began) > 2*time.Minute {
			return 0, 0, most, fmt.Errorf("telephone %s: %d frames, never %d running without a silent one", p.Number, len(all)/frame, want)
		}
	}
	heard, db = strongest(best, hz)
	return heard, db, most, nil
}

// strongest is the strongest tone within a tenth of hz in half a second of sound, and its level.
func strongest(sound []int16, hz float64) (best, db float64) {
	loudest := 0.0
	sound = sound[:min(len(sound), voice.Rate/2)]
	for f := hz * 0.9; f < hz*1.1; f += 0.5 {
		var re, im float64
		for i, s := range sound {
			re += float64(s) * math.Cos(2*math.Pi*f*float64(i)/voice.Rate)
			im += float64(s) * math.Sin(2*math.Pi*f*float64(i)/voice.Rate)
		}
		if l := math.Hypot(re, im); l > loudest {
			best, loudest = f, l
		}
	}
	return best, 20 * math.Log10(2*loudest/float64(len(sound))/32768+1e-9)
}

// power is the level of sound, as that of a sine of the same power.
func power(samples []int16) float64 {
	sum := 1e-9
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return 10 * math.Log10(2*sum/float64(len(samples))/32768/32768)
}

// join writes a telephone into the configuration of a side's line.
func (w *World) join(s *Site, p *Handset) error {
	name := filepath.Join(s.Home.Dir, "lines", lineName, "config.toml")
	b, err := os.ReadFile(name)
	if err == nil && !bytes.Contains(b, []byte("[phone]\n")) {
		err = errors.New("no [phone] in it")
	}
	if err == nil {
		how := fmt.Sprintf("trunk = \"sip:%s:5060\"\nbind = \"%s:5060\"\n", p.Theirs, p.Ours)
		if p.Sealed != "" {
			how = fmt.Sprintf("trunk = \"sips:%s:5061\"\nbind = \"%s:5061\"\nca = \"pbx.pem\"\nsrtp = true\n", p.Theirs, p.Ours)
			err = errors.Join(os.CopyFS(filepath.Dir(name), os.DirFS(p.Sealed)), os.Chmod(filepath.Join(filepath.Dir(name), "phone.key"), 0o600))
		}
		table := fmt.Sprintf("[phone]\n%s[[phone.extension]]\nnumber = %q\npost = \"Duty officer\"\n\n", how, p.Number)
		err = errors.Join(err, os.WriteFile(name, bytes.Replace(b, []byte("[phone]\n"), []byte(table), 1), 0o600))
	}
	if err != nil {
		return fmt.Errorf("couldn't join the telephone %s: %w", p.Number, err)
	}
	return nil
}
