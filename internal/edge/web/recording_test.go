// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/base64"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/parley/internal/recording"
	"example.org/parley/internal/voice"
)

// What a browser said is recorded, and another decoder hears it as it was: the tone at its pitch and level, as long as it was
// said, and silence where frames were lost, at their place.
//
// SPEC: RCD-002 RCD-003
func TestARecordingIsHeardAsItWasSaid(t *testing.T) {
	a, _ := twoDesks(t, browser(t, 440, -12))
	a.arm(t, "headset")
	for call, codec := range []string{voice.Opus, voice.ULaw} {
		dir, began := t.TempDir(), time.Now()
		r := recording.Start(recording.Options{Dir: dir, Us: "aurelia", Them: "borealia", Now: time.Now}, fmt.Sprintf("%032x", call), codec, began)
		a.peer().Use(codec)
		a.eval(t, fmt.Sprintf("Sound.connected('%s', true)", codec), nil)
		a.port.Open(uint16(call+1), codec)
		a.tape.Store(r)
		time.Sleep(5 * time.Second)
		a.tape.Store(nil)
		a.port.Close(time.Now())
		r.End()
		said := r.Result(10 * time.Second)
		if said.Fault != "" || len(said.Files) != 1 || said.Files[0].MS < 4000 {
			t.Fatalf("%s: %+v", codec, said)
		}
		b, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%032x", call), said.Files[0].Name))
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Error         string
			Seconds, Tone float64
			Lost, Holes   int
		}
		a.eval(t, fmt.Sprintf(`window.got = null; new OfflineAudioContext(1, 48000, 48000).decodeAudioData(Uint8Array.from(atob('%s'), c => c.charCodeAt(0)).buffer).then(s => {
			const x = s.getChannelData(0), loud = [...Array(x.length / 960 | 0)].map((_, i) => rms(x.subarray(i * 960, i * 960 + 960)) > -40), runs = [];
			const from = loud.indexOf(true), to = loud.lastIndexOf(true);
			for (let i = from, n = 0; i <= to; i++) { if (!loud[i]) n++; else { if (n) runs.push(n); n = 0; } }
			got = { Seconds: s.duration, Tone: goertzel(x.subarray((to - 50) * 960, (to - 5) * 960), 440), Lost: Math.max(0, ...runs), Holes: runs.length }; }, e => { got = { Error: String(e) }; }); 0`, base64.StdEncoding.EncodeToString(b)), nil)
		a.wait(t, "got !== null")
		a.eval(t, "got", &got)
		t.Logf("%s: %+v of %d ms", codec, got, said.Files[0].MS)
		if got.Error != "" || math.Abs(got.Seconds*1000-float64(said.Files[0].MS)) > 25 || math.Abs(got.Tone+12) > 1.5 || got.Lost < 47 || got.Lost > 53 {
			t.Errorf("%s: %+v of %+v", codec, got, said)
		}
	}
}
